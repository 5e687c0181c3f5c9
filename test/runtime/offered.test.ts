/** Why this test? What a reader is offered must be what is accepted a moment later, at any provider, in any state. (P8.) */
import { describe, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { createEngine } from '../../src/engine.ts'
import { Refused } from '../../src/runtime/refusal.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { classes, classNames } from '../machines/classes.ts'

const GiB = 1_073_741_824
const commands = [
  'stop',
  'start',
  'reboot',
  'suspend',
  'resume',
  'suspend',
  'stop',
  'start',
  'forceStop',
  'stop',
  'terminate',
  'start',
  'terminate',
] as const

describe.each(classNames)('at a provider of class %s', name => {
  it.each(['stateful', 'stateless'] as const)('what is offered of a %s instance is what is accepted', async mode => {
    const lab = simulated({ instant: true, capabilities: classes[name] })
    const engine = await createEngine({ kinds, projections, store: sqlite(':memory:'), drivers: { lab } })
    const operator = engine.as({ account: 'ops', actor: 'ops', authority: 'operator' })
    const acme = engine.as({ account: 'acme', actor: 'ops@acme' })
    await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: GiB })
    const { id: image } = await acme.image.register({ name: 'base', sizeBytes: GiB })
    const { id } = await acme.instance.launch({ image, type: 'small', mode, onMismatch: 'warn' })

    for (const command of commands) {
      // Once as it is in the middle of things, once when all is done.
      for (const settled of [false, true]) {
        if (settled) await engine.idle()
        const { position } = engine.health()
        const offered = (await acme.actions(id)).find(each => each.command === command)!
        const answer = await acme
          .submit([{ kind: 'instance', command, id }], { dryRun: !settled })
          .then(([result]) => result!.outcome)
          .catch(error => {
            if (error instanceof Refused) return 'refused' as const
            throw error
          })
        // What happened between the two questions may have changed the answer.
        const isSame = answer === 'accepted' && settled ? true : engine.health().position === position
        if (isSame) expect(offered.answer, `${command} of ${name}`).toBe(answer)
        if (settled && answer !== 'accepted') expect(isSame).toBe(true)
      }
    }
    await engine.idle()
    await acme.settled(id)
    expect((await acme.actions(id)).map(each => each.answer)).not.toContain('accepted')
    await engine.close()
  })
})
