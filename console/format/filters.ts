// The filters that stand in the address of a page: how one is set, and what is wrong with them. Pure.
import { isKeyId } from './key-ids.ts'

interface Filters {
  organization?: string
  key?: string
  actor?: string
  /** RFC 3339. */
  since?: string
  until?: string
}

const organizationPattern = /^[A-Za-z0-9_.-]{1,128}$/

/** The filters with one of them set, or taken out. */
export function withFilter<Search extends object, Name extends keyof Search>(
  search: Search,
  name: Name,
  value: Search[Name] | undefined,
): Search {
  const { [name]: _, ...others } = search
  return (value === undefined ? others : { ...others, [name]: value }) as Search
}

/** What is wrong with filters, each in a sentence. */
export function filterFaults({ organization, key, actor, since, until }: Filters): Filters {
  return {
    ...(organization !== undefined &&
      !organizationPattern.test(organization) && {
        organization: 'Must be an organization from the list, or its id.',
      }),
    ...(key !== undefined && !isKeyId(key) && { key: 'Must be a key from the list, or a whole key id.' }),
    // The ids of users are the operator's own.
    ...(actor !== undefined &&
      actor.length > 256 && { actor: 'Must be a key or member from the list, or an id.' }),
    ...(since !== undefined && Number.isNaN(Date.parse(since)) && { since: 'Must be a date.' }),
    ...(until !== undefined && Number.isNaN(Date.parse(until)) && { until: 'Must be a date.' }),
    ...(since !== undefined &&
      until !== undefined &&
      Date.parse(since) >= Date.parse(until) && { until: 'Must not be before the first day.' }),
  }
}
