/** Stories of images and VM snapshots, with a crash at every seam. (spec: reliability R2, R3.) */
import { crashesIn } from './crashing.ts'
import { imageStories } from './scenarios.ts'

crashesIn(imageStories)
