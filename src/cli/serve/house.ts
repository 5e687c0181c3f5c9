/** What a server serves: a cloud, and the doors to it. */
import type { FastifyInstance } from 'fastify'
import { type AccessKey, createEc2Door } from '../../doors/ec2/index.ts'
import { type AccessToken, createNativeDoor } from '../../doors/native/index.ts'
import { type Cloud, type Composition, openCloud } from '../compose.ts'

export interface House {
  readonly cloud: Cloud
  readonly native: FastifyInstance
  readonly ec2: FastifyInstance
  /** Ends streams and waits of both doors, and leaves the cloud open. */
  closeDoors(): Promise<void>
}

export interface HouseOptions extends Composition {
  readonly tokens: readonly AccessToken[]
  readonly keys: readonly AccessKey[]
  readonly onFault: (error: unknown, where: string) => void
}

/** Opens the cloud and builds its doors, which do not listen themselves. Throws StoreError, e.g. alreadyOpen. */
export async function openHouse({ tokens, keys, onFault, ...composition }: HouseOptions): Promise<House> {
  const cloud = await openCloud(composition)
  try {
    cloud.on('fault', onFault)
    const native = createNativeDoor({ engine: cloud, tokens, onFault })
    const { regions } = composition.fixtures
    const accounts = composition.fixtures.accounts.map(({ name }) => name)
    const ec2 = createEc2Door({ engine: cloud, keys, regions, accounts, onFault })
    await Promise.all([native.ready(), ec2.ready()])
    return { cloud, native, ec2, closeDoors: async () => void (await Promise.all([native.close(), ec2.close()])) }
  } catch (error) {
    await cloud.close()
    throw error
  }
}
