/**
 * Properties try the same examples on every run, so that a change is judged by what it changed, and a failure comes again.
 * New ones are looked for apart: `STEMMA_PROPERTY_SEED=random npm test`, or a number.
 */
import fc from 'fast-check'

const { STEMMA_PROPERTY_SEED: seed = '7' } = process.env
if (seed !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) })
