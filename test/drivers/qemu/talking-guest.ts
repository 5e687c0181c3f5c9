/**
 * A guest in one sector: it counts its boots on its own disk through the firmware, tells its console, and ends when the
 * power button is pressed. No kernel and no tools: a moment after the launch it has spoken.
 */

const origin = 0x7c00
const sectorBytes = 512
const word = (value: number): number[] => [value & 0xff, value >> 8]

/** Sixteen-bit code of a processor that has just been turned on; DL is the disk it was loaded from. */
export function talkingGuest(sizeBytes = 1024 * 1024): Buffer {
  const [packet, text, buffer] = [origin + 0x100, origin + 0x120, 0x8000]
  const disk = (service: number) => [0xbe, ...word(packet), 0xb8, ...word(service << 8), 0xcd, 0x13] // int 13h
  const out = (port: number, value: number) => [0xba, ...word(port), 0xb8, ...word(value), 0xef] // mov dx; mov ax; out
  const begin = [0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xd0, 0xbc, ...word(origin)] // no segments, a stack below
  const count = [...disk(0x42), 0xfe, 0x06, ...word(buffer), ...disk(0x43)] // read, inc byte, write
  const digit = [0xa0, ...word(buffer), 0x04, 0x30, 0xa2, ...word(text + 'guest: boots '.length)] // '0' + count
  // lodsb; test al, al; jz out of it; mov dx, port; out; again
  const say = [0xbe, ...word(text), 0xac, 0x84, 0xc0, 0x74, 0x06, 0xba, ...word(0x3f8), 0xee, 0xeb, 0xf5]
  const listen = out(0x602, 0x100) // ACPI: the power button is heard
  const wait = [0xfb, 0xf4, 0xba, ...word(0x600), 0xed, 0xf6, 0xc4, 0x01] // sti; hlt; in ax; test ah, 1
  const again = [0x74, 0x100 - wait.length - 2]
  const end = [...out(0x604, 0x2000), 0xf4, 0xeb, 0xfd] // soft off; halt
  const image = Buffer.alloc(sizeBytes)
  Buffer.from([...begin, ...count, ...digit, ...say, ...listen, ...wait, ...again, ...end]).copy(image)
  // One sector, to the buffer, the second of the disk.
  Buffer.from([0x10, 0, ...word(1), ...word(buffer), ...word(0), 1, 0, 0, 0, 0, 0, 0, 0]).copy(image, 0x100)
  image.write('guest: boots 0\r\n', 0x120, 'latin1')
  image.writeUInt16LE(0xaa55, sectorBytes - 2)
  return image
}
