/** Instances that may be recovered, to clients of a protocol that knows no such thing. (docs/decisions/0056.) */
import { describe, expect, it } from 'vitest'
import { described, instanceIds, launchedOne, listed, openWithDelays, stateOf } from './instances.ts'
import { key } from './setting.ts'

describe('an instance that may be recovered', () => {
  it('is terminated to clients, and stopped when somebody recovers it by another door', async () => {
    const cloud = await openWithDelays()
    const id = await launchedOne(cloud)
    await cloud.engine.idle()
    const session = cloud.engine.as({ account: key.account, actor: 'ops' })
    await session.instance.modify(id, { recoverableForMs: 3_600_000 })
    const { instancesSet } = await cloud.ok('TerminateInstances', instanceIds(id))
    expect(instancesSet).toMatchObject([
      { instanceId: id, currentState: { name: 'shutting-down' }, previousState: { name: 'running' } },
    ])
    await cloud.engine.idle()
    expect((await session.get(id)).state).toBe('recoverable')
    expect((await described(cloud, id)).instanceState).toEqual({ code: '48', name: 'terminated' })
    const terminated = { 'Filter.1.Name': 'instance-state-name', 'Filter.1.Value.1': 'terminated' }
    expect((await listed(cloud, terminated)).map(({ instanceId }) => instanceId)).toEqual([id])
    const again = await cloud.ok('TerminateInstances', instanceIds(id))
    expect(again.instancesSet).toMatchObject([
      { currentState: { name: 'terminated' }, previousState: { name: 'terminated' } },
    ])
    expect(await cloud.call('StartInstances', instanceIds(id))).toMatchObject({ code: 'IncorrectInstanceState' })
    await session.instance.recover(id)
    expect(await stateOf(cloud, id)).toBe('stopped')
    await cloud.close()
  })
})
