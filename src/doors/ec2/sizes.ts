/** Sizes of disks: whole GiB on the wire, bytes in the engine. */

export const GIB = 2 ** 30

export const bytesOf = (gibibytes: number): number => gibibytes * GIB
/** What is not whole was made by another door, and is shown as the next larger. */
export const gibibytesOf = (bytes: number): number => Math.ceil(bytes / GIB)
