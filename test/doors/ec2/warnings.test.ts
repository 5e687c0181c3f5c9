/** What was done, but not as asked: clients of this protocol hear it in a header. (spec: stateful-and-deltacloud 3a.4) */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { action } from '../../../src/doors/ec2/action.ts'
import { actions } from '../../../src/doors/ec2/index.ts'
import { text } from '../../../src/doors/ec2/parameters.ts'
import { simulatedClasses } from '../../../src/drivers/simulated/index.ts'
import { type Ec2Setting, image, openEc2 } from './setting.ts'

/** No action of EC2 names a mode, so this one does. */
const launchStateful = action({
  name: 'LaunchStateful',
  summary: 'Launches two stateful instances, or stateless ones with a warning.',
  parameters: { How: text() },
  mutates: true,
  run: async ({ session, parameters }) => {
    const input = { image: image.replace('ami-', 'img-'), type: 'm1.small', mode: 'stateful', onMismatch: 'warn' }
    const launch = { kind: 'instance', command: 'launch', input }
    const dryRun = parameters.How === 'never'
    const [first] = await session.submit([launch, launch], { dryRun })
    // What reads between and after is no command, and needs the session as it is.
    if (!dryRun) await session.get(first!.id)
    return { principal: session.principal.account, kept: (await session.list('instance')).items.length }
  },
})

let cloud: Ec2Setting
beforeAll(async () => {
  cloud = await openEc2({
    provider: {
      instant: true,
      capabilities: { ...simulatedClasses.A, stop: 'destroys', start: 'none', rootOnDestroy: 'deletes' },
    },
    door: { actions: new Map([...actions, [launchStateful.name, launchStateful]]) },
  })
})
afterAll(() => cloud.close())

const HEADER = 'x-lifecycle-warning'

describe('a warning', () => {
  it('is a header of the answer to whatever action led to it, once however many say it', async () => {
    const { status, headers } = await cloud.call('LaunchStateful')
    expect([status, headers.get(HEADER)]).toEqual([
      200,
      expect.stringMatching(
        /^modeMismatch: Asked for a stateful instance, which the driver does not allow[^:]*:[^:]*$/,
      ),
    ])
  })

  it('is not said of what went as asked, of what was read, or of what never happened', async () => {
    const launched = await cloud.call('RunInstances', { ImageId: image, MinCount: 1, MaxCount: 1 })
    const read = await cloud.call('DescribeInstances')
    const dry = await cloud.call('LaunchStateful', { How: 'never' })
    for (const { status, headers } of [launched, read, dry]) expect([status, headers.get(HEADER)]).toEqual([200, null])
  })
})
