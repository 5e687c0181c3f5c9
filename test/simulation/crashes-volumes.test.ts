/** Stories of volumes and their snapshots, with a crash at every seam. (spec: reliability R2, R3.) */
import { crashesIn } from './crashing.ts'
import { volumeStories } from './scenarios.ts'

crashesIn(volumeStories)
