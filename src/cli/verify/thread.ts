/** A thread that verifies one part, tells how far it is, and at last what it found. */
import { parentPort, workerData } from 'node:worker_threads'
import { keepCompiled } from '../compiled.ts'
import type { PartAsked } from './part.ts'

keepCompiled()
const { verifyPart } = await import('./part.ts')
const verdict = await verifyPart(workerData as PartAsked, position => parentPort!.postMessage({ position }))
parentPort!.postMessage({ verdict })
