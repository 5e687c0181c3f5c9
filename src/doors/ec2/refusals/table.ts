/** All words, and which of them a refusal is said in. A test walks the catalogue of kinds and proves that none is missing. */
import { engineWords } from './engine-words.ts'
import { imageWords } from './image-words.ts'
import { instanceWords } from './instance-words.ts'
import { volumeWords } from './volume-words.ts'
import type { Words, WordsTable } from './words.ts'

export const table: WordsTable = { ...engineWords, ...instanceWords, ...volumeWords, ...imageWords }

/**
 * @param command that was refused, e.g. `volume.attach`
 * @param kind of the resource that said no: the command's, or one that the command had to ask
 * @returns undefined where the table has no words for the code
 */
export function wordsFor(command: string, kind: string, code: string): Words | undefined {
  for (const key of [`${command}.${kind}.${code}`, `${command}.${code}`, `${kind}.${code}`, code])
    if (Object.hasOwn(table, key)) return table[key]
  return undefined
}
