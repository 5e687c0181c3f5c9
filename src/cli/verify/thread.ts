/** A thread that verifies one part, tells how far it is, and at last what it found. */
import { parentPort, workerData } from 'node:worker_threads'
import { type PartAsked, verifyPart } from './part.ts'

const verdict = await verifyPart(workerData as PartAsked, position => parentPort!.postMessage({ position }))
parentPort!.postMessage({ verdict })
