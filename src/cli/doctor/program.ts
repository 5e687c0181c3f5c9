/** What every driver needs: Node, SQLite, and a user who is not root. */
import { userInfo } from 'node:os'
import Database from 'better-sqlite3'
import packageJson from 'stemma/package.json' with { type: 'json' }
import { readOwner, sqlite } from '../../index.ts'
import { type Finding, missing, ok, warning } from './finding.ts'

export async function programFindings(data: string): Promise<Finding[]> {
  return [node(), await database(), user(), holder(data)]
}

function node(): Finding {
  const wanted = packageJson.engines.node
  const numbers = (text: string) => text.replace(/^\D+/, '').split('.').map(Number)
  const [[major = 0, minor = 0], [least = 0, leastMinor = 0]] = [numbers(process.versions.node), numbers(wanted)]
  const found = process.versions.node
  if (major > least || (major === least && minor >= leastMinor)) return ok('node', found)
  return missing('node', found, `install Node ${wanted}`)
}

async function database(): Promise<Finding> {
  const store = sqlite(':memory:')
  try {
    await store.open([])
    const { version } = new Database(':memory:').prepare('select sqlite_version() as version').get() as {
      version: string
    }
    return ok('sqlite', version)
  } catch (error) {
    return missing('sqlite', (error as Error).message, 'install better-sqlite3 13 or later, with npm ci')
  } finally {
    await store.close()
  }
}

function user(): Finding {
  const { username, uid } = userInfo()
  if (uid !== 0) return ok('user', `${username} (${uid})`)
  return warning(
    'user',
    'root',
    'use an ordinary user: for root no file of an image is read-only, and a guest that breaks out is root',
  )
}

function holder(data: string): Finding {
  const owner = readOwner(data)
  if (owner === undefined) return ok('data', `${data}: nobody writes to it`)
  return ok('data', `${data}: process ${owner.pid} writes to it${owner.url ? `, ${owner.url}` : ''}`)
}
