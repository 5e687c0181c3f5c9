/** Stories of instances, with a crash at every seam. (spec: reliability R2, R3.) */
import { crashesIn } from './crashing.ts'
import { instanceStories } from './scenarios.ts'

crashesIn(instanceStories)
