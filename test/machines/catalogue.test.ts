/** What types do not catch: an undecided pair, a requirement nobody words, a want without its answers. */
import { describe, expect, it } from 'vitest'
import { wantNames } from '../../machines/grammar.ts'
import { refusals } from '../../machines/index.ts'
import { catalogue, charts, kindNamed, originOf, total } from './charts.ts'
import { type Wanted, walks } from './steered-walks.ts'

const { STEMMA_SEED: seed = '7' } = process.env
let walked: ReturnType<typeof walks> | undefined
/** Random lives until everything that anybody can be told, hear, or be reminded of was wanted. Made once. */
const lives = () => {
  walked ??= walks(Number(seed), isAll)
  return walked
}

describe.each(catalogue.map(kind => [kind.name, kind] as const))('%s', (name, kind) => {
  const leaves = [...charts.get(name)!.leaves.values()]
  const specs = Object.entries(kind.events.specs)
  const demanded = new Set(leaves.flatMap(leaf => [...leaf.on.values()].flat()).flatMap(each => each.requires))

  it('decides every report, deadline and word of others in every state', () => {
    const undecided = leaves.flatMap(leaf =>
      specs
        .filter(([short, { origin }]) => total.has(origin) && !leaf.on.has(`${name}.${short}`))
        .map(([short]) => `${leaf.path} × ${short}`),
    )
    expect(undecided).toEqual([])
  })

  it('decides at the end of every list for what cannot be refused', () => {
    const open = leaves.flatMap(leaf =>
      [...leaf.on]
        .filter(([type, all]) => total.has(originOf(type)!) && all.at(-1)!.guard !== undefined)
        .map(([type]) => `${leaf.path} × ${type}`),
    )
    expect(open).toEqual([])
  })

  it('hears only of events in its alphabet, and of each somewhere', () => {
    const heard = new Set(leaves.flatMap(leaf => [...leaf.on.keys()]))
    expect([...heard].sort()).toEqual(specs.map(([short]) => `${name}.${short}`).sort())
  })

  it('says in each state whether it is settled or working, and ends nowhere else', () => {
    const tagged = (...tags: string[]) => tags.map(tag => leaves.filter(leaf => leaf.tags.has(tag as 'settled')).length)
    const [settled, working] = tagged('settled', 'working')
    expect(settled! + working!).toBe(leaves.length)
    expect(leaves.filter(leaf => leaf.tags.has('terminal') && !leaf.tags.has('settled'))).toEqual([])
  })

  it('runs every change it writes down, and picks branches by every choice', () => {
    const { guards, actions } = charts.get(name)!.machine.implementations
    const transitions = leaves.flatMap(leaf => [...leaf.on.values()].flat())
    const nameOf = (used: unknown) => (typeof used === 'string' ? used : (used as { type?: string } | undefined)?.type)
    const used = new Set(transitions.flatMap(each => [nameOf(each.guard), ...each.actions.map(nameOf)]))
    const written = [...Object.keys(guards), ...Object.keys(actions)]
    expect(written.filter(each => !used.has(each) && !(wantNames as readonly string[]).includes(each))).toEqual([])
  })

  it('words every requirement it demands, and no other', () => {
    expect(Object.keys(kind.requirements).sort()).toEqual([...demanded].sort())
    expect(Object.keys(kind.refusals).sort()).toEqual([...demanded].sort())
    const wordings = Object.values((refusals as Record<string, Record<string, { code: string }>>)[name]!)
    expect(new Set(wordings.map(each => each.code)).size).toBe(wordings.length)
  })

  it('has requirements and sentences that never throw, whatever the state and however empty the question', () => {
    const contexts = [charts.get(name)!.machine.config.context, ...(lives().contexts.get(name) ?? [])]
    const event = { type: `${name}.x`, resource: 'r', version: 1, account: 'acme', at: 0, data: {}, facts: {} }
    const wordless = new Set<string>()
    for (const context of contexts)
      for (const [requirement, holds] of Object.entries(kind.requirements)) {
        const { sentence } = kind.refusals[requirement]!
        const isHeld: unknown = holds({ context, event })
        const words =
          typeof sentence === 'string' ? sentence : sentence({ resource: 'r', state: 's', context, data: {} })
        if (typeof isHeld !== 'boolean' || !words.endsWith('.')) wordless.add(requirement)
      }
    expect([...wordless]).toEqual([])
  })

  it('turns every command into one of its requests', () => {
    for (const command of Object.values(kind.commands))
      expect(kind.events.specs[command.event]?.origin).toBe('requested')
    const requested = specs.filter(([, { origin }]) => origin === 'requested').map(([short]) => short)
    expect(
      Object.values(kind.commands)
        .map(each => each.event)
        .sort(),
    ).toEqual(requested.sort())
  })
})

/** The calls of a driver that an ask may name. */
const verbs = [
  'volumeEnsure',
  'volumeResize',
  'volumeDelete',
  'volumeSnapshotEnsure',
  'volumeSnapshotDelete',
  'volumeSnapshotGroupEnsure',
  'volumeRevert',
  'volumeMigrate',
  'command',
  'instanceEnsure',
  'instancePower',
  'instanceReset',
  'instanceDestroy',
  'vmSnapshotEnsure',
  'vmSnapshotRevert',
  'vmSnapshotDelete',
  'attach',
  'detach',
]
/** Those that are asked again until they are done, and take the place of what was asked before; so does every stop. */
const ends = ['instanceDestroy', 'volumeDelete', 'volumeSnapshotDelete']
/** A first start that takes too long: if it is rejected, what may run all the same is destroyed. */
const isFirstStart = (args: unknown) => {
  const { want, generation } = args as { want?: string; generation?: number }
  return want === 'running' && generation === 1
}
const seen = (kind: string) => ['vanished', 'reappeared', 'measured', 'orphanCleaned'].map(name => `${kind}.${name}`)
const powerSeen = ['poweredOff', 'vanished', 'memoryLost', 'externallyStarted', 'externallySuspended']
const alsoSeen = ['stalled', 'rootMeasured', 'orphanCleaned']
const disks = ['volume', 'snapshot', 'vm-snapshot']
const unasked = [
  'pool.measured',
  ...[...powerSeen, ...alsoSeen].map(each => `instance.${each}`),
  ...disks.flatMap(seen),
]

describe('what random lives want', () => {
  const wants = [...lives().wants.values()]

  it('asks with known verbs, answered by reports of the same kind, and supersedes only to end', () => {
    for (const [kind, want] of wants) {
      if (want.want !== 'ask') continue
      expect(verbs).toContain(want.verb)
      for (const answer of Object.values(want.answers)) {
        expect(answer.split('.')[0]).toBe(kind)
        expect(originOf(answer)).toBe('reported')
      }
      const { want: power } = want.args as { want?: string }
      // Before its instance ends, and at other times in its turn; and disks that are saved from that end.
      if (want.verb === 'vmSnapshotDelete' || want.verb === 'detach') continue
      if (want.supersedes) expect(ends.includes(want.verb) || power === 'off' || isFirstStart(want.args)).toBe(true)
      else if (want.verb !== 'instanceDestroy') expect(ends).not.toContain(want.verb)
    }
    const asked = new Set(wants.map(([, want]) => (want.want === 'ask' ? want.verb : '')))
    expect([...asked].filter(Boolean).sort()).toEqual([...verbs].sort())
  })

  it('has an asker for every report that is not unasked news', () => {
    const answers = wants.flatMap(([, want]) => (want.want === 'ask' ? Object.values(want.answers) : []))
    const reports = catalogue.flatMap(kind => named(kind.name, 'reported'))
    expect([...new Set(answers), ...unasked].sort()).toEqual(reports.sort())
  })

  it('arms its own deadlines, each of them, and disarms no other', () => {
    const armed = new Set<string>()
    for (const [kind, want] of wants) {
      if (want.want !== 'arm' && want.want !== 'disarm') continue
      expect(want.event.split('.')[0]).toBe(kind)
      expect(originOf(want.event)).toBe('elapsed')
      if (want.want === 'arm') armed.add(want.event)
    }
    expect([...armed].sort()).toEqual(catalogue.flatMap(kind => named(kind.name, 'elapsed')).sort())
  })

  it('tells others only what their kinds can be told, and all of it', () => {
    const told = new Set<string>()
    for (const [, want] of wants) {
      if (want.want !== 'tell') continue
      expect(['told', 'proposed']).toContain(originOf(want.event))
      told.add(want.event)
    }
    const tellable = catalogue.flatMap(kind => [...named(kind.name, 'told'), ...named(kind.name, 'proposed')])
    expect([...told].sort()).toEqual(tellable.sort())
  })
})

function named(kind: string, origin: string): string[] {
  const { specs } = kindNamed(kind).events
  return Object.keys(specs)
    .filter(short => specs[short]!.origin === origin)
    .map(short => `${kind}.${short}`)
}

/** The words that a want leads to: what answers an ask, or is fired or told. */
const wordsOf = (wants: Wanted) =>
  [...wants.values()].flatMap(([, want]) => {
    if (want.want === 'ask') return [...Object.values(want.answers), want.verb]
    return want.want === 'disarm' ? [] : [want.event]
  })
function isAll(wants: Wanted): boolean {
  const words = new Set<string>(wordsOf(wants))
  const origins = ['reported', 'elapsed', 'told', 'proposed']
  const all = catalogue.flatMap(({ name }) => origins.flatMap(origin => named(name, origin)))
  return [...all, ...verbs].every(each => words.has(each) || unasked.includes(each))
}
