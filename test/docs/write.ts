import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runAgain } from './consoles.ts'
import { pages } from './pages.ts'

const at = (path: string) => join(import.meta.dirname, '../..', path)
for (const [path, page] of Object.entries(pages)) writeFileSync(at(path), await page())
const debugging = at('docs/debugging.md')
writeFileSync(debugging, await runAgain(readFileSync(debugging, 'utf8')))
