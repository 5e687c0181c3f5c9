/** The lines that a server offers for pasting. */
import { expect, it } from 'vitest'
import { openCloud } from '../../src/cli/compose.ts'
import { fixturesSchema } from '../../src/cli/fixtures.ts'
import { awsLines, curlLines } from '../../src/cli/welcome.ts'

const fixtures = fixturesSchema.parse({
  images: [
    { id: 'ami-00000001', name: 'base' },
    { id: 'ami-00000002', name: 'elsewhere', region: 'eu-west-1' },
  ],
})
const access = { token: 'a-token-of-the-welcome', account: 'default' }
const key = { accessKeyId: 'STEMMAWELCOME', secretAccessKey: 'secret-of-the-welcome', account: 'default' }

it('launches an image of the region it launches in', async () => {
  const cloud = await openCloud({ data: undefined, instant: true, fixtures })
  const where = { url: 'http://127.0.0.1:7420', region: 'us-east-1' }
  const [curl] = await curlLines(cloud, { ...where, access })
  expect(curl).toContain('"image":"img-00000001"')
  const [aws] = await awsLines(cloud, { ...where, key })
  expect(aws).toContain('--image-id ami-00000001')
  await cloud.close()
})
