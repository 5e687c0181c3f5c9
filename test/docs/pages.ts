/** Every page that is written from the code: `npm run docs`. CI compares; nobody edits them. */
import { z } from 'zod'
import { fixturesSchema } from '../../src/cli/fixtures.ts'
import { ec2ActionsPage } from './ec2-actions-page.ts'
import { kindsPage } from './kinds-page.ts'
import { machinePages } from './machine-pages.ts'

const fixtures = (): string =>
  `${JSON.stringify(z.toJSONSchema(fixturesSchema, { io: 'input', target: 'draft-2020-12' }), undefined, 2)}\n`

/** Path from the top of the repository to what stands there. */
export const pages: Readonly<Record<string, () => string | Promise<string>>> = {
  'docs/reference/kinds.md': kindsPage,
  'docs/reference/ec2-actions.md': ec2ActionsPage,
  'docs/reference/fixtures.schema.json': fixtures,
  ...machinePages,
}
