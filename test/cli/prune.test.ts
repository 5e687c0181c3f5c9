import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { furnish, GiB, openCloud } from '../replay/cloud.ts'
import { stemma } from './stemma.ts'

it('what is over is pruned from the command line, signed, and read again from its archive', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stemma-prune-'))
  const database = new Database(join(folder, 'cloud.db'))
  const cloud = await openCloud(database)
  await furnish(cloud)
  const { id: gone } = await cloud.acme.volume.create({ sizeBytes: GiB })
  await cloud.engine.idle()
  await cloud.acme.volume.delete(gone)
  await cloud.engine.idle()
  await cloud.acme.volume.create({ sizeBytes: GiB })
  await cloud.engine.idle()
  await cloud.engine.flush()
  await cloud.engine.prune()
  await cloud.engine.close()
  database.close()
  const pair = generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  await writeFile(join(folder, 'prune.pem'), pair.privateKey)
  await writeFile(join(folder, 'prune.pub'), pair.publicKey)
  const tokens = [{ token: 'a-token-of-some-length-for-tests', account: 'acme' }]
  await writeFile(join(folder, 'cloud.db.tokens.json'), JSON.stringify(tokens))
  const run = async (code: number, ...words: string[]) => {
    const said = await stemma(folder, [...words, '--data', 'cloud.db'])
    expect(said, said.stderr).toMatchObject({ code })
    return said.stdout + said.stderr
  }

  expect(await run(0, 'prune', '--older-than', '1d')).toContain(
    'Nothing may go. Of what has ended, 1 ended too lately.',
  )
  expect(await run(0, 'prune', '--older-than', '0s', '--dry-run')).toMatch(/^\d events of 1 resources would go/)
  const said = await run(0, 'prune', '--older-than', '0s', '--key', 'prune.pem')
  expect(said).toContain('cloud.db.archive-1')
  expect(said).toContain('signed (')
  expect(await run(0, 'check', '--key', 'prune.pub')).toContain('The file is sound.')
  expect(await run(0, 'history', gone, '--still')).toContain('volume.deleted')

  await rename(join(folder, 'cloud.db.archive-1'), join(folder, 'elsewhere'))
  expect(await run(0, 'check', '--key', 'prune.pub')).toContain('The file is sound.')
  expect(await run(1, 'history', gone, '--still')).toContain(
    'cloud.db.archive-1, which is not there; put it back, or beside the data file',
  )
  await rm(folder, { recursive: true })
})
