/**
 * In which mode a launch is, on whose disk, and what it is warned of, is what the tables of the specification say; and it
 * is refused for that exactly where they do. (spec: stateful-and-deltacloud 3a.4, 3a.5; P10.)
 */
import type { Capabilities } from '../../../src/drivers/driver.ts'
import type { CommandInput } from '../../../src/runtime/request.ts'
import { deviceName } from '../model.ts'
import { resolution } from '../model-modes.ts'
import { Violation } from '../violation.ts'
import type { World } from '../world.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'as resolved'

interface Image {
  readonly targets?: readonly string[]
  readonly snapshot?: string
  readonly rootDevice: string
  readonly sizeBytes: number
}
interface LaunchInput {
  readonly image: string
  /** It is launched on this volume, which stays its owner's. */
  readonly rootVolume?: string
  readonly mode?: string
  readonly onMismatch?: string
  readonly rootPolicy?: string
  readonly blockDevices?: readonly { device: string; sizeBytes?: number; deleteOnTermination?: boolean }[]
}

const isLaunch = ({ kind, command }: CommandInput) => kind === 'instance' && command === 'launch'

export const resolved: CheckerMaker = () => {
  const images = new Map<string, Image>()
  /** What volumes were made from. */
  const origins = new Map<string, string | undefined>()
  /** How many launches of a caller are in the log. */
  const launches = new Map<string, number>()
  const warnings = new Map<string, number>()

  const expected = (input: LaunchInput, world: World) => {
    const image = images.get(input.image)
    if (!image) return undefined
    const { targets = ['stateful', 'stateless'], snapshot, rootDevice, sizeBytes } = image
    const { mode = 'auto', onMismatch, rootPolicy, blockDevices = [] } = input
    const root = blockDevices.find(({ device }) => deviceName(device) === deviceName(rootDevice))
    const rootChanged = !!root && ((root.sizeBytes ?? sizeBytes) !== sizeBytes || root.deleteOnTermination === false)
    const asked = { targets, warns: onMismatch === 'warn', direct: rootPolicy === 'direct', rootChanged }
    return resolution({ requested: mode, fromSnapshot: snapshot !== undefined, ...asked }, world.offers(input.image))
  }

  /** Is a launch on this volume one that lets the volume outlive the instance? (3a.5, row `user`.) */
  const lends = (volume: string, world: World) => {
    const { attachmentsOnDestroy, bootFromVolume, bootFromSnapshot, canCloneImage } = world.provider.describe()
    const origin = origins.get(volume)
    if (attachmentsOnDestroy === 'deletes') return false
    if (origin === 'image' && canCloneImage) return true
    return bootFromVolume && (origin !== 'volumeSnapshot' || bootFromSnapshot)
  }

  return {
    name: NAME,
    event(event, world) {
      const { type, resource, data, facts, actor, position, version } = event
      if (event.kind === 'image' && version === 1) images.set(resource, data as unknown as Image)
      if (event.kind === 'volume' && version === 1)
        origins.set(resource, (data as { from?: { kind: string } }).from?.kind)
      if (type === 'instance.modeMismatchWarned') warnings.set(resource, (warnings.get(resource) ?? 0) + 1)
      if (type !== 'instance.launchRequested') return
      const nth = launches.get(actor) ?? 0
      launches.set(actor, nth + 1)
      const command = world.submissionOf(actor)!.commands.filter(isLaunch)[nth]!
      const { rootVolume } = command.input as LaunchInput
      const wanted = expected(command.input as LaunchInput, world)
      const { mode, rootOwner, warning } = data as { mode: string; rootOwner: string; warning?: { code: string } }
      const found = JSON.stringify({ mode, rootOwner, warning: warning?.code })
      if (rootVolume !== undefined) {
        const { stop, start } = (facts as unknown as { provider: { capabilities: Capabilities } }).provider.capabilities
        const isPossible = mode === 'stateless' || (stop === 'preserves' && start !== 'none')
        if (rootOwner !== 'user' || !isPossible || !lends(rootVolume, world))
          throw new Violation(NAME, `event ${position} of ${resource}: ${found}, on the volume ${rootVolume}`)
        return
      }
      if (JSON.stringify(wanted) !== found)
        throw new Violation(
          NAME,
          `event ${position} of ${resource}: ${found}; the tables say ${JSON.stringify(wanted)}`,
        )
    },
    answered({ outcome, commands, refusals = [], actor }, world) {
      if (outcome !== 'refused') return
      for (const { index, reasons } of refusals) {
        const command = commands[index]!
        if (!isLaunch(command)) continue
        const codes = reasons.map(({ code }) => code)
        // An image that is not there, or not whole, says nothing of modes.
        if (codes.includes('notFound')) continue
        const { rootVolume } = command.input as LaunchInput
        if (rootVolume !== undefined) {
          if (codes.includes('rootUnsupported') && lends(rootVolume, world))
            throw new Violation(NAME, `${actor} was refused ${codes}, and ${rootVolume} can be lent`)
          continue
        }
        const wanted = expected(command.input as LaunchInput, world)
        if (!wanted) continue
        const is = (code: string) => 'refused' in wanted && wanted.refused === code
        for (const code of ['modeNoMatch', 'rootUnsupported'])
          if (codes.includes(code) && !is(code) && !(is('modeNoMatch') && code === 'rootUnsupported'))
            throw new Violation(NAME, `${actor} was refused ${codes}; the tables say ${JSON.stringify(wanted)}`)
      }
    },
    rest(world) {
      for (const [id, snapshot] of world.replay.snapshots) {
        if (snapshot.kind !== 'instance') continue
        const { warning } = snapshot.context as { warning?: unknown }
        const count = warnings.get(id) ?? 0
        if (count !== (warning ? 1 : 0)) throw new Violation(NAME, `${id} was warned ${count} times`)
      }
    },
  }
}
