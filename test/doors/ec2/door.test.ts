/** The door itself: what comes in by which way, in which order it is checked, and that whatever goes wrong is XML. */
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEc2Door } from '../../../src/doors/ec2/index.ts'
import { echoes } from './echo.ts'
import { answered, type Ec2Setting, key, openEc2, otherKey, regions } from './setting.ts'
import { presigned, signed } from './sign.ts'

let cloud: Ec2Setting
const faults: unknown[] = []
beforeAll(async () => {
  cloud = await openEc2({ door: { actions: echoes, onFault: (error, where) => faults.push([where, error]) } })
})
afterAll(() => cloud.close())

const echoed = (parameters: Record<string, string>) => cloud.call('Echo', parameters)
const post = async (pairs: readonly (readonly [string, string])[], headers: Record<string, string> = {}) => {
  const request = signed({ url: cloud.url, region: 'us-east-1', key, parameters: pairs, headers })
  return answered(await fetch(cloud.url, { method: 'POST', ...request }))
}

describe('a request', () => {
  it('is a form in the body, or the query of a GET', async () => {
    const parameters = { Action: 'Echo', Version: '2016-11-15', 'Id.2': 'b', 'Id.1': 'a' }
    expect(JSON.parse((await echoed({ 'Id.2': 'b', 'Id.1': 'a' })).body.parameters)).toEqual({ Id: ['a', 'b'] })
    const got = await answered(await fetch(presigned({ url: cloud.url, region: 'us-east-1', key, parameters })))
    expect(JSON.parse(got.body.parameters)).toEqual({ Id: ['a', 'b'] })
  })

  it('is read as a form whatever its content type says', async () => {
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'application/json', 'x/y'])
      expect((await post([['Action', 'Echo']], { 'content-type': type })).status).toBe(200)
  })

  it('is answered as XML with its own id, in the body and in a header', async () => {
    const { headers, body } = await echoed({ Text: 'x' })
    expect(headers.get('content-type')).toBe('text/xml;charset=UTF-8')
    expect(body.requestId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/)
    expect(body).toMatchObject({ text: 'x', id: body.requestId })
    expect(headers.get('x-amzn-requestid')).toBe(body.requestId)
    const refused = await echoed({ Nothing: 'x' })
    expect(refused.body.RequestID).toBe(refused.headers.get('x-amzn-requestid'))
    expect(refused.body.RequestID).not.toBe(body.requestId)
  })

  it('keeps texts of every language', async () => {
    const Text = ' <a href="x">ä & \u{1f600}</a>\r\n\t]]> '
    expect((await echoed({ Text })).body.text).toBe(Text)
  })

  it.each(['2009-11-30', '2013-02-01', '2016-11-15'])('of version %s is answered in its namespace', async version => {
    const { text } = await post([
      ['Version', version],
      ['Action', 'Echo'],
    ])
    expect(text).toContain(`<EchoResponse xmlns="http://ec2.amazonaws.com/doc/${version}/">`)
  })

  it('without a version is answered in the newest', async () => {
    const { text } = await post([['Action', 'Echo']])
    expect(text).toContain('xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"')
  })

  it.each<[string, [string, string][], string]>([
    ['no action', [], 'MissingParameter: The request must contain the parameter Action'],
    ['an empty action', [['Action', '']], 'MissingParameter: The request must contain the parameter Action'],
    ['an action in parts', [['Action.1', 'Echo']], 'MissingParameter: The request must contain the parameter Action'],
    [
      'an unknown action',
      [['Action', 'RunAway']],
      'InvalidAction: The action RunAway is not valid for this web service.',
    ],
    [
      'an action that every object has',
      [['Action', 'constructor']],
      'InvalidAction: The action constructor is not valid for this web service.',
    ],
    [
      'an unknown version',
      [
        ['Action', 'Echo'],
        ['Version', '2030-01-01'],
      ],
      'NoSuchVersion: The requested version (2030-01-01) of service AmazonEC2 does not exist',
    ],
    [
      'a parameter twice',
      [
        ['Action', 'Echo'],
        ['Text', 'a'],
        ['Text', 'b'],
      ],
      'InvalidParameterCombination: The parameter Text is given more than once.',
    ],
    [
      'an unknown parameter',
      [
        ['Action', 'Echo'],
        ['InstanceID.1', 'i-1'],
      ],
      'UnknownParameter: The parameter InstanceID.1 is not recognized',
    ],
  ])('with %s is refused', async (_, pairs, refusal) => {
    const { status, code, message } = await post(pairs)
    expect({ status, said: `${code}: ${message}` }).toEqual({ status: 400, said: refusal })
  })

  it('is never just tried before its parameters are right', async () => {
    expect(await echoed({ DryRun: 'true' })).toMatchObject({
      status: 412,
      code: 'DryRunOperation',
      message: 'Request would have succeeded, but DryRun flag is set.',
    })
    expect((await echoed({ DryRun: 'true', Number: 'x' })).code).toBe('InvalidParameterValue')
    expect((await echoed({ DryRun: 'true', Text: 'wrong' })).code).toBe('InvalidParameterCombination')
    expect((await echoed({ DryRun: 'true', Text: 'fault' })).code).toBe('DryRunOperation')
    expect((await echoed({ DryRun: 'false' })).status).toBe(200)
  })

  it('has at most a megabyte', async () => {
    const size = (bytes: number) =>
      post([
        ['Action', 'Echo'],
        ['Text', 'x'.repeat(bytes)],
      ])
    expect(await size(1_048_576)).toMatchObject({ status: 400, code: 'InvalidParameterValue' })
    expect((await size(1_048_576)).message).toContain('1048576 bytes')
    expect((await size(60_000)).status).toBe(200)
  })

  it('fails as ours when it is our fault, and says nothing of it but to the operator', async () => {
    const { status, code, text } = await echoed({ Text: 'fault' })
    expect({ status, code }).toEqual({ status: 500, code: 'InternalError' })
    expect(text).not.toContain('fault of ours')
    expect(faults).toEqual([['ec2 Echo', new TypeError('a fault of ours')]])
  })
})

describe('what is no request of the protocol', () => {
  it.each([
    ['PUT', '/'],
    ['HEAD', '/'],
    ['DELETE', '/?Action=Echo'],
    ['POST', '/v1/instance'],
    ['GET', '/%zz'],
  ])('%s %s is answered in its envelope all the same', async (method, path) => {
    const response = await fetch(`${cloud.url}${path}`, { method })
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toBe('text/xml;charset=UTF-8')
    if (method !== 'HEAD') expect((await answered(response)).code).toMatch(/^Invalid(Action|ParameterValue)$/)
  })

  it('is answered even when it is not HTTP, or is too long to be read', async () => {
    const raw = (text: string) =>
      new Promise<string>((resolve, reject) => {
        const socket = connect(Number(new URL(cloud.url).port), '127.0.0.1', () => socket.write(text))
        const chunks: Buffer[] = []
        socket.on('data', chunk => chunks.push(chunk)).on('error', reject)
        socket.on('close', () => resolve(Buffer.concat(chunks).toString()))
      })
    for (const text of ['nonsense\r\n\r\n', `GET /?${'x'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`]) {
      const answer = await raw(text)
      expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nContent-Type: text\/xml/)
      expect(answer).toContain('<Code>InvalidParameterValue</Code>')
    }
  })
})

describe('a door', () => {
  it('does not open with keys that cannot be used', () => {
    const { engine } = cloud
    expect(() => createEc2Door({ engine, keys: [], regions })).toThrow('nobody could come in')
  })

  it('answers who is still there when it closes, and leaves the engine open', async () => {
    const { engine } = cloud
    let isInside = () => {}
    const inside = new Promise<void>(resolve => {
      isInside = resolve
    })
    let letGo = () => {}
    const held = new Promise<void>(resolve => {
      letGo = resolve
    })
    const slow = {
      ...echoes.get('Echo')!,
      run: async () => {
        isInside()
        await held
        return { return: true }
      },
    }
    const door = createEc2Door({ engine, keys: [key, otherKey], regions, actions: new Map([['Echo', slow]]) })
    const url = await door.listen({ host: '127.0.0.1', port: 0 })
    const request = signed({ url, region: 'us-east-1', key, parameters: { Action: 'Echo' } })
    const asked = fetch(url, { method: 'POST', ...request })
    await inside
    const closed = door.close()
    letGo()
    expect((await asked).status).toBe(200)
    await closed
    await expect(fetch(url)).rejects.toThrow()
    expect(engine.health().position).toBeGreaterThan(0)
  })
})
