/** What is answered about a provider is what commands come to there. (spec: stateful-and-deltacloud 1.1 R8 to R10, R16) */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Answers, answersOf } from '../../src/drivers/answers.ts'
import { capabilities, type DeclaredCapabilities } from '../../src/drivers/capabilities.ts'
import { contradictionsOf } from '../../src/drivers/contradictions.ts'
import { simulatedClasses } from '../../src/drivers/simulated/classes.ts'
import { classes } from './classes.ts'
import { furnished, outcome, Refused, type World } from './world.ts'

/** Everything that the answers are about, each way it can be declared. */
const declared: fc.Arbitrary<DeclaredCapabilities> = fc
  .record({
    clonesOnLaunch: fc.constantFrom('always', 'never', 'optional'),
    runsOnImage: fc.constantFrom(true, false, undefined),
    canCloneImage: fc.boolean(),
    canDeleteClone: fc.boolean(),
    canCreateVolumeFromImage: fc.boolean(),
    bootFromVolume: fc.boolean(),
    stop: fc.constantFrom('preserves', 'destroys', 'none'),
    start: fc.constantFrom('none', 'both'),
    rootOnDestroy: fc.constantFrom('deletes', 'keeps', 'byFlag'),
    rootOnStop: fc.constantFrom('deletes', 'keeps'),
    attachmentsOnDestroy: fc.constantFrom('deletes', 'detaches', 'byFlag'),
  })
  .filter(each => contradictionsOf(capabilities(each as DeclaredCapabilities)).length === 0) as never

const made = (world: World, act: () => string): string | undefined => {
  try {
    const id = act()
    world.settle()
    return id
  } catch (error) {
    if (error instanceof Refused) return undefined
    throw error
  }
}

/** What commands come to, without having read what is declared. */
function tried(provider: DeclaredCapabilities): Partial<Answers> & { readonly stops: boolean } {
  const fresh = () => {
    const { world } = furnished(provider)
    const { id: image } = world.request('image', 'register', undefined, { name: 'plain', sizeBytes: 1024 })
    const launch = (input: object) =>
      made(
        world,
        () => world.request('instance', 'launch', undefined, { type: 'small', mode: 'stateful', ...input }).id,
      )
    const volume = (input: Record<string, unknown>) =>
      made(world, () => world.request('volume', 'create', undefined, input).id)
    return { world, image, launch, volume }
  }
  const stops = (scene: ReturnType<typeof fresh>, id: string | undefined) =>
    id !== undefined && outcome(() => scene.world.request('instance', 'stop', id)) === 'taken'
  const [plain, cloning, blank] = [fresh(), fresh(), fresh()]
  const first = plain.launch({ image: plain.image })
  const clone = cloning.volume({ image: cloning.image })
  const onClone = clone && cloning.launch({ rootVolume: clone })
  const disk = blank.volume({ sizeBytes: 1024 })
  const onBlank = disk && blank.launch({ rootVolume: disk, image: blank.image })
  const isOnlyRoot = clone && cloning.world.get(clone).context.onlyRoot
  return {
    clones: clone ? (isOnlyRoot ? 'roots' : 'volumes') : 'none',
    launchesOn: onBlank ? 'volumes' : onClone ? 'clones' : 'none',
    stops: [stops(plain, first), stops(cloning, onClone), stops(blank, onBlank)].includes(true),
  }
}

describe('what is answered about a provider', () => {
  it('is what commands come to, whatever it declares', () => {
    fc.assert(
      fc.property(declared, provider => {
        const { clones, launchesOn, stopValid } = answersOf(capabilities(provider))
        const { stops, ...found } = tried(provider)
        expect(found).toEqual({ clones, launchesOn })
        expect(stops).toBe(stopValid)
      }),
      { numRuns: 400 },
    )
  })

  it.each(Object.entries({ ...classes, ...simulatedClasses }))(
    'names who cleans up on class %s as lives show it',
    (_, provider) => {
      const { launchClones, rootDeletedBy } = answersOf(capabilities(provider as DeclaredCapabilities))
      const { world } = furnished(provider as DeclaredCapabilities)
      const { id: image } = world.request('image', 'register', undefined, { name: 'plain', sizeBytes: 1024 })
      const { id } = world.request('instance', 'launch', undefined, { image, type: 'small' })
      world.settle()
      const { rootOwner, keptRoot, offers } = world.get(id).context
      world.request('instance', 'terminate', id)
      const calls = () => world.log.flatMap(each => each.wants).filter(want => want.want === 'ask')
      world.settle()
      const isTold = calls().some(({ args }) => (args as { deleteRoot?: boolean }).deleteRoot)
      if (rootOwner === 'image') expect([launchClones, rootDeletedBy]).toEqual([false, 'nobody'])
      if (rootOwner === 'provider')
        expect([launchClones, rootDeletedBy]).toEqual([
          true,
          isTold ? 'providerIfTold' : keptRoot ? 'engine' : 'provider',
        ])
      const goesByFlag = offers.deletesRootByFlag && !offers.vanishesOff
      const isOwed = rootOwner === 'engine' || (keptRoot !== undefined && !goesByFlag)
      expect(calls().some(({ verb }) => verb === 'volumeDelete')).toBe(isOwed)
    },
  )
})
