/** The path of rebuilding views in the OpenAPI document. */
type Json = Record<string, unknown>

const json = (schema: Json) => ({ content: { 'application/json': { schema } } })
const object = (properties: Json) => ({ type: 'object', properties, additionalProperties: false })

/** @param failure the answer to what was refused or failed */
export const rebuildPath = (failure: Json) => ({
  '/v1/rebuild': {
    post: {
      tags: ['views'],
      summary: 'Fills views anew from the first event; all of them if none is named.',
      description: 'Takes the authority of operator. Readers see the old ones until the new ones are whole.',
      requestBody: json(object({ views: { type: 'array', items: { type: 'string' } } })),
      responses: {
        200: {
          description: 'The new ones are in use, with everything that came meanwhile.',
          ...json({ ...object({ events: { type: 'integer', description: 'Events folded.' } }), required: ['events'] }),
        },
        default: failure,
      },
    },
  },
})
