/** Where archives are: a database knows each by an absolute path, or by one from its own folder. */
import { existsSync } from 'node:fs'
import { basename, isAbsolute, join, normalize } from 'node:path'

/** Where an archive should be. As it is named where no folder is known. */
export const placeOf = (archive: string, folder: string | undefined): string =>
  isAbsolute(archive) || folder === undefined ? archive : join(folder, archive)

/** Where it is found as well, whatever became of the folder it was written to. */
export const besides = (archive: string, folder: string): string => join(folder, basename(archive))

/** As a database keeps it: relative where it was given so, so that both can be moved together. */
export const keptAs = (archive: string): string => normalize(archive)

/** A name beside the database that is neither another archive's nor that of a file. */
export function freeName(database: string, folder: string, number: number, names: readonly string[]): string {
  const taken = new Set(names.map(name => basename(name)))
  for (let each = number; ; each += 1) {
    const name = `${basename(database)}.archive-${each}`
    if (!taken.has(name) && !existsSync(join(folder, name))) return name
  }
}
