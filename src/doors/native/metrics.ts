/** Numbers in the format of Prometheus: the engine's own, read when asked for, and a histogram of requests. */
import { Gauge, Histogram, Registry } from 'prom-client'
import type { AnyEngine } from './engine.ts'

export interface Measures {
  readonly registry: Registry
  /** Seconds, by method, route and status. */
  readonly requests: Histogram<'method' | 'route' | 'status'>
}

/** A registry of its own: two doors in one process do not share numbers. */
export function measuresOf(engine: AnyEngine): Measures {
  const registry = new Registry()
  const requests = new Histogram({
    name: 'stemma_http_request_seconds',
    help: 'Time from a request to its answer.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30],
    registers: [registry],
  })
  const gauges = new Map<string, Gauge>()
  const read = async () => {
    for (const [measure, value] of Object.entries(await engine.measures())) {
      const name = `stemma_${measure.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`).replace(/\W/g, '_')}`
      const gauge = gauges.get(name) ?? new Gauge({ name, help: `The engine's ${measure}.`, registers: [registry] })
      gauges.set(name, gauge)
      gauge.set(value)
    }
  }
  const metrics = registry.metrics.bind(registry)
  registry.metrics = async () => {
    await read()
    return metrics()
  }
  return { registry, requests }
}
