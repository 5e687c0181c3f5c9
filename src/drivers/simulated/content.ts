/** What is on the simulated disks and images: too little to boot from, enough to tell whether anything was lost. */
import { createHash } from 'node:crypto'

/** The image it began as, and what a guest wrote last. An empty disk has neither. */
export interface Content {
  readonly image?: string
  readonly written?: string
}

/** The same for the same content, wherever it is. */
export const digestOf = ({ image = '', written = '' }: Content = {}): string =>
  createHash('sha256')
    .update(JSON.stringify([image, written]))
    .digest('hex')
