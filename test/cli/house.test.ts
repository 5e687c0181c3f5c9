/** What a server serves: two doors to one cloud. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fixturesSchema } from '../../src/cli/fixtures.ts'
import { type House, openHouse } from '../../src/cli/serve/house.ts'
import { ownerIdOf } from '../../src/doors/ec2/index.ts'
import { signed } from '../doors/ec2/sign.ts'

const key = { accessKeyId: 'STEMMAHOUSE', secretAccessKey: 'secret-of-the-house', account: 'acme' }
const fixtures = fixturesSchema.parse({
  accounts: [{ name: 'acme' }, { name: 'keyless' }],
  images: [{ id: 'ami-00000001', name: 'base', region: 'us-east-1', public: false }],
})

let house: House
let url: string
beforeAll(async () => {
  const tokens = [{ token: 'a-token-of-the-house', account: 'keyless' }]
  const onFault = (error: unknown) => expect.unreachable(String(error))
  house = await openHouse({ data: undefined, instant: true, fixtures, tokens, keys: [key], onFault })
  url = `${await house.ec2.listen({ port: 0, host: '127.0.0.1' })}/`
})
afterAll(async () => {
  await house.closeDoors()
  await house.cloud.close()
})

it('shares an image over EC2 with an account that has no access key', async () => {
  const keyless = house.cloud.as({ account: 'keyless', actor: 'keyless' })
  await expect(keyless.get('img-00000001')).rejects.toMatchObject({ code: 'notFound' })
  const parameters = {
    Version: '2016-11-15',
    Action: 'ModifyImageAttribute',
    ImageId: 'ami-00000001',
    'LaunchPermission.Add.1.UserId': ownerIdOf('keyless'),
  }
  const { headers, body } = signed({ url, region: 'us-east-1', key, parameters })
  expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(200)
  expect(await keyless.get('img-00000001')).toMatchObject({ attributes: { sharedWith: ['keyless'] } })
})
