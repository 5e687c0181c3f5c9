/** What random lives do with snapshots, images and key pairs. */
import { GiB, type KindName, Refused, type World } from './world.ts'

export const imageDeeds = [
  'snapshot',
  'copySnapshot',
  'deleteSnapshot',
  'registerImage',
  'quietImage',
  'liveImage',
  'copyImage',
  'describeImage',
  'shareImage',
  'deregister',
  'importKey',
  'deleteKey',
  'progress',
  'tagImage',
] as const
export type ImageDeed = (typeof imageDeeds)[number]

const among = <T>(list: readonly T[], index: number): T | undefined => list[index % Math.max(1, list.length)]
const few = 6

/** Does one of them; a refusal is an outcome like any other. */
export function imageAct(world: World, what: ImageDeed, pick: number, other: number): void {
  const ask = (kind: KindName, name: string, id: string | undefined, input: Record<string, unknown> = {}) => {
    try {
      world.request(kind, name, id, input)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
    }
  }
  const make = (kind: KindName, name: string, input: Record<string, unknown>) => {
    if (world.idsOf(kind).filter(id => !/^dele|^dereg/.test(world.get(id).state)).length < few)
      ask(kind, name, undefined, input)
  }
  const newest = (kind: string, index: number) => among([...world.idsOf(kind)].reverse(), index)
  const [instance, volume, snapshot] = [newest('instance', pick), newest('volume', other), newest('snapshot', other)]
  const [image, key] = [newest('image', pick % 3), newest('key-pair', pick)]
  const name = `name ${other % 4}`
  const deeds: Record<ImageDeed, () => void> = {
    snapshot: () => volume && make('snapshot', 'create', { volume }),
    copySnapshot: () => snapshot && make('snapshot', 'copy', { snapshot }),
    deleteSnapshot: () => snapshot && ask('snapshot', 'delete', snapshot),
    registerImage: () => {
      const blockDevices = pick > 4 ? [{ device: 'sdf', sizeBytes: GiB }] : [{ device: 'sdf', noDevice: true }]
      if (snapshot) make('image', 'register', { name, snapshot, blockDevices })
    },
    quietImage: () => instance && make('image', 'create', { name, instance }),
    liveImage: () => {
      const blockDevices = pick > 3 ? [{ device: 'sdb', noDevice: true }] : []
      if (instance) make('image', 'create', { name, instance, noReboot: true, blockDevices })
    },
    copyImage: () => image && make('image', 'copy', { name, image }),
    describeImage: () => image && ask('image', 'modify', image, { description: `${other % 2}` }),
    shareImage: () =>
      image && ask('image', 'share', image, { public: pick > 5, [other % 2 ? 'add' : 'remove']: ['bee'] }),
    deregister: () => image && ask('image', 'deregister', image),
    importKey: () => make('key-pair', 'import', { name, publicKey: 'ssh-rsa AAAA', fingerprint: 'aa:bb', type: 'rsa' }),
    deleteKey: () => key && ask('key-pair', 'delete', key),
    tagImage: () =>
      image && ask('image', other % 2 ? 'tag' : 'untag', image, { tags: other % 2 ? { a: 'b' } : [{ key: 'a' }] }),
    progress: () => {
      const asked = [...world.asks].filter(([, open]) => open[0]?.answers.progressed).map(([id]) => id)
      const id = among(asked, pick)
      if (id) world.report(id, world.asks.get(id)![0]!.answers.progressed!, { percent: other * 10 })
    },
  }
  deeds[what]()
}
