/** Instance types: the offerings in use, which are of no region. */
import type { Call } from '../action.ts'
import { rows } from '../rows.ts'

// biome-ignore lint/suspicious/noExplicitAny: whatever its parameters are
type Asked = Call<any>

export interface Offering {
  readonly name: string
  readonly vcpus: number
  readonly memoryBytes: number
  readonly architecture: string
}

/** In the order of their names. */
export async function offerings(call: Asked): Promise<Offering[]> {
  const found = await rows(call, 'offering', { state: 'active' })
  return found.map(({ name, attributes: { vcpus, memoryBytes, annotations } }) => ({
    name: name!,
    vcpus,
    memoryBytes,
    architecture: annotations?.['ec2/architecture'] ?? 'x86_64',
  }))
}
