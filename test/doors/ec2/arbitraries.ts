import fc from 'fast-check'

const isWritable = (character: string): boolean => {
  const point = character.codePointAt(0)!
  return (point >= 0x20 && point !== 0xfffe && point !== 0xffff) || '\t\n\r'.includes(character)
}

/** Any text that XML 1.0 can write. */
export const writableText = fc.string({ unit: 'binary' }).filter(text => [...text].every(isWritable))
