/** A graph as an SVG image, laid out by Graphviz. It is a module of WebAssembly, so this one is loaded when it is needed. */
import { instance } from '@viz-js/viz'
import type { Graph } from '../../index.ts'

/** The text of the image: the same for the same graph, on any machine. */
export async function svg(graph: Graph): Promise<string> {
  const viz = await instance()
  const image = viz.renderString(graph as Parameters<typeof viz.renderString>[0], { format: 'svg', engine: 'dot' })
  // Who made it is not part of the image: a page would change with each release of it.
  return image.slice(image.indexOf('<svg')).replaceAll(/<!--.*?-->\n?/gs, '')
}
