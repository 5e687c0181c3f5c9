/**
 * Who may import whom: the table that keeps the flow in one direction (docs/architecture.md), executed by
 * `npm run check:layers`. Each layer lists what it may import; everything else is refused, and so is a file that
 * belongs to no layer. `types` are targets that only an `import type` may name.
 */
const packages = (...names) => names.map(name => `(^|/)node_modules/${name}/`)

const vocabulary = '^machines/grammar\\.ts$'
/** What several kinds have in the same way, such as tags. (docs/decisions/0016.) */
const shared =
  '^machines/(tags|disks|modes|retries|orphans|boots|limits|sights|scheduled|lineage|placement|profiles).ts$'
const viewContract = '^projections/contract\\.ts$'
const storeContract = '^src/store/(store|canonical|refusals|checkpoints)\\.ts$'
/** The contract files and what helps to keep it, directly in src/drivers; each provider has a folder of its own. */
const driverContract = '^src/drivers/[^/]+\\.ts$'
const engine = '^src/engine(\\.ts$|/)'
const system = '^src/system/'
const catalogues = ['^machines/index\\.ts$', '^projections/index\\.ts$']
/** What `exports` of package.json shows: the doors and the cli stand where a user's program stands. */
const publicEntries = [
  '^src/index\\.ts$',
  ...catalogues,
  vocabulary,
  viewContract,
  driverContract,
  '^src/drivers/[^/]+/index\\.ts$',
]

const layers = [
  { name: 'grammar', files: vocabulary, may: packages('xstate', 'zod') },
  { name: 'shared-vocabulary', files: shared, may: [vocabulary, shared, ...packages('xstate', 'zod')] },
  {
    name: 'refusals',
    files: '^machines/refusals\\.',
    may: ['^machines/refusals\\.', vocabulary, shared, ...packages('xstate', 'zod')],
  },
  { name: 'catalogue-of-kinds', files: '^machines/index\\.ts$', may: ['^machines/'] },
  {
    // $1 is the kind's name: its machine and its commands may know each other, and no other kind.
    name: 'kind',
    files:
      '^machines/(?!(?:grammar|tags|disks|modes|retries|orphans|boots|limits|sights|scheduled|lineage|placement|refusals|refusals.vm-snapshots|index).ts$)([^./]+)[./]',
    may: ['^machines/$1[./]', vocabulary, shared, '^machines/refusals\\.ts$', ...packages('xstate', 'zod')],
  },
  { name: 'view-contract', files: viewContract, types: ['^machines/'] },
  { name: 'catalogue-of-views', files: '^projections/index\\.ts$', may: ['^projections/'] },
  {
    name: 'view',
    files: '^projections/(?!(?:contract|index)\\.ts$)([^./]+)[./]',
    // The lineage of VM snapshots is an algebra without events: what instances keep is what views show. And how large a
    // volume is after an event is said once, for all views that count its bytes.
    may: ['^projections/$1[./]', viewContract, '^projections/volume\\.size\\.ts$', '^machines/lineage\\.ts$'],
    types: ['^machines/'],
  },
  {
    // The store's contract file is more than types: its Conflict is what a lost race is told by.
    name: 'runtime',
    files: '^src/runtime/',
    may: ['^src/runtime/', vocabulary, storeContract, ...packages('xstate')],
    types: [viewContract, ...packages('zod')],
  },
  {
    name: 'store',
    files: '^src/store/',
    may: [
      '^src/store/',
      ...packages('kysely', 'better-sqlite3', 'pg', '@electric-sql/pglite', '@types/better-sqlite3'),
    ],
    types: [vocabulary, viewContract],
    node: true,
  },
  {
    name: 'effects',
    files: '^src/effects/',
    may: ['^src/effects/', '^src/runtime/', storeContract, driverContract],
    types: [vocabulary],
  },
  {
    name: 'driver',
    files: '^src/(drivers|render)/',
    may: ['^src/(drivers|render)/', '(^|/)node_modules/(?!(xstate|kysely|fastify|commander)/)'],
    types: [vocabulary],
    node: true,
  },
  {
    // Reading the log again: pasts, stories, verification, exports. It decides nothing, and writes only what may be thrown away.
    name: 'replay',
    files: '^src/replay/',
    may: ['^src/(replay|runtime)/', vocabulary, storeContract, ...packages('zod')],
    types: [viewContract],
  },
  { name: 'system', files: system, may: [system], types: ['^src/runtime/'], node: true },
  {
    name: 'engine',
    files: engine,
    may: [
      engine,
      vocabulary,
      viewContract,
      '^src/(runtime|replay|store|effects)/',
      driverContract,
      system,
      ...packages('eventemitter3', 'kysely', 'xstate', 'zod'),
    ],
  },
  {
    // What readers ask of several rows of a view at once.
    name: 'reports',
    files: '^src/reports/',
    may: ['^src/reports/', '^projections/index\\.ts$'],
    types: ['^src/runtime/'],
  },
  {
    // Of the runtime it shows types, and the errors that callers catch.
    name: 'index',
    files: '^src/index\\.ts$',
    may: [
      engine,
      '^src/runtime/(envelope|refusal)\\.ts$',
      '^src/(store|reports|replay)/',
      driverContract,
      system,
      vocabulary,
      viewContract,
      ...catalogues,
    ],
    types: ['^src/(runtime|effects)/'],
  },
  {
    name: 'testing',
    files: '^src/testing/',
    may: ['^(machines|projections)/', '^src/(?!doors/|cli/|console/)', '(^|/)node_modules/'],
    node: true,
  },
  {
    name: 'door',
    files: '^src/(doors|console)/',
    may: ['^src/(doors|console)/', system, ...publicEntries, '(^|/)node_modules/'],
    node: true,
  },
  {
    name: 'cli',
    files: '^src/cli/',
    may: ['^src/(cli|doors|console)/', system, ...publicEntries, '^package\\.json$', '(^|/)node_modules/'],
    node: true,
  },
]

const ours = '^(src|machines|projections)/'
/** A core module has no path to match, so what may import one is told apart by its type. */
const layerRules = layers.flatMap(({ name, files, may = [], types = [], node = false }) => [
  {
    name: `${name}-imports`,
    comment: `What ${files} may import is listed in .dependency-cruiser.cjs; this is not in the list.`,
    severity: 'error',
    from: { path: files },
    to: { pathNot: [...may, ...types], couldNotResolve: false, ...(node ? { dependencyTypesNot: ['core'] } : {}) },
  },
  ...(types.length
    ? [
        {
          name: `${name}-types-only`,
          comment: `${files} may know this one only by \`import type\`.`,
          severity: 'error',
          from: { path: files },
          to: { path: types, pathNot: may.length ? may : ['^$'], dependencyTypesNot: ['type-only'] },
        },
      ]
    : []),
])

const rules = [
  {
    name: 'no-layer',
    comment: 'This file is in no layer: put it into a folder of the flow, or add the layer to .dependency-cruiser.cjs.',
    severity: 'error',
    from: { path: ours, pathNot: layers.map(({ files }) => files) },
    to: {},
  },
  {
    name: 'no-cycle',
    comment: 'Two files that need each other are one file, or miss a third.',
    severity: 'error',
    from: { path: '^(src|projections)/' },
    to: { circular: true },
  },
  {
    // The files of one kind may all name the type of what it remembers, which its machine file declares.
    name: 'no-cycle-in-a-kind',
    comment: 'Two files of a kind that load each other; only `import type` may point back.',
    severity: 'error',
    from: { path: '^machines/' },
    to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  },
  {
    name: 'providers-are-strangers',
    comment: 'A driver never imports another driver; what they share is in src/drivers itself.',
    severity: 'error',
    from: { path: '^src/drivers/([^/]+)/' },
    to: { path: '^src/drivers/[^/]+/', pathNot: '^src/drivers/$1/' },
  },
  {
    name: 'system-is-given',
    comment: 'The real clock, ids and hash are handed over by the composition roots; everybody else receives them.',
    severity: 'error',
    from: { pathNot: [system, engine, '^src/index\\.ts$', '^src/(cli|doors|console|testing)/'] },
    to: { path: system },
  },
  {
    name: 'index-stays-light',
    comment:
      'Importing stemma loads no HTTP server, no command line, no metrics and no XML: those are behind their own entries.',
    severity: 'error',
    from: { path: '^src/index\\.ts$' },
    to: {
      path: [
        '^src/(doors|cli|console|testing)/',
        ...packages('fastify', 'commander', 'cli-table3', 'cli-progress', 'prom-client', '@aws-sdk', '@smithy'),
      ],
      reachable: true,
    },
  },
  {
    name: 'unresolved',
    comment: 'Nothing is found under this name.',
    severity: 'error',
    from: { path: ours },
    to: { couldNotResolve: true },
  },
  {
    name: 'undeclared-package',
    comment: 'A package that users do not get with stemma, or that package.json does not name.',
    severity: 'error',
    from: { path: ours },
    to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
  },
]

module.exports = {
  forbidden: [...layerRules, ...rules],
  options: {
    // Type-only imports are dependencies too: a layer is also what its types know.
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
}
