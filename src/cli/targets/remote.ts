/** Commands through a server, over the native door. */
import { type ErrorBody, pathOf } from '../../doors/native/index.ts'
import type {
  Action,
  Cleaned,
  CommandInput,
  ProviderView,
  StoryEntry,
  SurveyReport,
  ToldStep,
  Why,
} from '../../index.ts'
import { Failure } from '../failure.ts'
import { kindOf } from '../kind-of.ts'
import { type CommandOutcome, type Row, type Target, textOf } from '../target.ts'

/**
 * A target that speaks to the server at this address with this token.
 * @param moment what is read is as it was then
 */
export function remote(url: string, token: string, moment?: string): Target {
  const call = async <T>(path: string, body?: unknown): Promise<T> => {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    }
    const method = body === undefined ? 'GET' : 'POST'
    const address = new URL(path, url)
    if (moment !== undefined) address.searchParams.set('at', moment)
    let response: Response
    try {
      response = await fetch(address, {
        method,
        headers,
        body: body === undefined ? body : JSON.stringify(body),
      })
    } catch (cause) {
      throw new Failure({ code: 'unreachable', message: `The server at ${url} does not answer.` }, { cause })
    }
    const answer = (await response.json().catch(() => undefined)) as { error?: ErrorBody } | undefined
    if (response.ok && answer !== undefined) return answer as T
    const strange = { code: 'failed', message: `The server at ${url} answered ${response.status} without saying why.` }
    throw new Failure(answer?.error ?? strange)
  }
  const at = (id: string) => pathOf(kindOf(id), id)

  return {
    submit({ kind, command, id, input }: CommandInput, { wait, dryRun }) {
      const asked = new URLSearchParams({
        ...(wait && !dryRun ? { wait: 'settled' } : {}),
        ...(dryRun ? { dryRun: 'true' } : {}),
      })
      const path = `/v1/${encodeURIComponent(kind)}/${encodeURIComponent(command)}?${asked}`
      return call<CommandOutcome>(path, { ...(input as object), ...(id === undefined ? {} : { id }) })
    },
    async list(kind, { where, sort, limit }) {
      const asked = new URLSearchParams({ ...where, ...(sort === undefined ? {} : { sort }), limit: String(limit) })
      return (await call<{ items: Row[] }>(`/v1/${encodeURIComponent(kind)}?${asked}`)).items
    },
    get: id => call<Row>(at(id)),
    async story(id, from) {
      const entries: StoryEntry[] = []
      for (let next: number | null = from; next !== null; ) {
        const page: { items: StoryEntry[]; next: number | null } = await call(`${at(id)}/story?from=${next}&limit=1000`)
        entries.push(...page.items)
        next = page.next
      }
      return entries
    },
    steps: async id => (await call<{ items: ToldStep[] }>(`${at(id)}/steps`)).items,
    why: id => call<Why>(`${at(id)}/why`),
    limits: query => call(`/v1/limits?${new URLSearchParams(textOf(query))}`),
    capacity: query => call(`/v1/capacity?${new URLSearchParams(textOf(query))}`),
    usage: query => call(`/v1/usage?${new URLSearchParams(textOf(query))}`),
    actions: async id => (await call<{ items: Action[] }>(`${at(id)}/actions`)).items,
    providers: async () => (await call<{ items: ProviderView[] }>('/v1/providers')).items,
    provider: (name, image) => {
      const asked = image === undefined ? '' : `?${new URLSearchParams({ image })}`
      return call<ProviderView>(`/v1/providers/${encodeURIComponent(name)}${asked}`)
    },
    survey: provider => call<SurveyReport>('/v1/survey', { provider }),
    clean: orphan => call<Cleaned>('/v1/survey/clean', orphan),
    rebuild: async views => (await call<{ events: number }>('/v1/rebuild', { views })).events,
    close: async () => {},
  }
}
