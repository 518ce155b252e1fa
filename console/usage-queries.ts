// What the console asks of usage, each under one name.
import { queryOptions } from '@tanstack/react-query'
import { hourMs } from '../src/core/periods.ts'
import { getFigures, query } from './api.ts'
import { startOfRange, type UsageRange } from './format/usage.ts'

/** Processes write what they count within ten seconds. */
const renewMs = 30_000

/** What is asked of `GET /v1/usage`. */
export interface UsageQuestion {
  since?: string | undefined
  until?: string | undefined
  by?: 'hour' | 'day' | 'month' | 'total'
  organization_id?: string | undefined
  key_id?: string | undefined
  key_ids?: string | undefined
  group?: 'none' | 'key' | 'organization' | 'code' | 'permission'
  sort?: '-calls' | '-refused'
  limit?: number
}

/** Whose usage it is. */
export interface UsageOwner {
  organization?: string
  key?: string
}

/** Figures as a question wants them, renewed while they are looked at. */
export function figuresQuery(question: UsageQuestion) {
  const path = `/v1/usage${query({ ...question })}`
  return queryOptions({
    queryKey: ['usage', path],
    queryFn: ({ signal }) => getFigures(path, signal),
    refetchInterval: renewMs,
    staleTime: renewMs / 2,
  })
}

/** The hours of a range, of which charts are made: days of the reader's own are made of them too. */
export function rangeQuery(range: UsageRange, owner: UsageOwner, now: number) {
  return figuresQuery({ ...questionOf(range, owner, now), by: 'hour' })
}

/** The keys or organizations with most calls in a range. */
export function busiestQuery(
  group: 'key' | 'organization',
  range: UsageRange,
  owner: UsageOwner,
  now: number,
) {
  return figuresQuery({ ...questionOf(range, owner, now), by: 'total', group, limit: busiest })
}

/** As many are told of the busiest. */
const busiest = 5

function questionOf(range: UsageRange, { organization, key }: UsageOwner, now: number): UsageQuestion {
  // The API tells whole hours: where a day begins within one, with the one after it.
  const since = Math.ceil(startOfRange(range, now) / hourMs) * hourMs
  return { since: new Date(since).toISOString(), organization_id: organization, key_id: key }
}
