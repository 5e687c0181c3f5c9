/** Three commands that work when pasted, for what is in this cloud now. */
import { type AccessToken, pathOf, principalOf } from '../doors/native/index.ts'
import { kinds } from '../index.ts'
import type { Cloud } from './compose.ts'

/** Lines of shell: launch an instance (if there is an image), list instances, and the history of something there is. */
export async function curlLines(cloud: Cloud, url: string, access: AccessToken): Promise<string[]> {
  const session = cloud.as(principalOf(access))
  const newest = async (kind: string, state?: string) => {
    const where = state === undefined ? {} : { state }
    return (await session.list(kind, { where, sort: ['-id'], limit: 1 })).items[0]?.id as string | undefined
  }
  const image = await newest('image', 'available')
  const offering = await newest('offering', 'active')
  const instance = await newest('instance')
  const curl = (path: string, more = '') => `  curl -sS -H 'Authorization: Bearer ${access.token}' ${url}${path}${more}`
  const input = JSON.stringify({ image, type: offering?.slice('offering/'.length) })
  const launch = image && offering ? [curl('/v1/instance/launch', ` -d '${input}'`)] : []
  const past = instance ? pathOf(kinds.instance, instance) : image && pathOf(kinds.image, image)
  return [...launch, curl('/v1/instance'), ...(past ? [curl(`${past}/history`)] : [])]
}
