// What the console asks of policies, each under one name.
import { queryOptions } from '@tanstack/react-query'
import { call, type WirePolicy } from './api.ts'

/** Where the policy of an organization is, or that of the deployment. */
export function policyAddress(organization: string | undefined): string {
  return organization === undefined
    ? '/v1/policy'
    : `/v1/organizations/${encodeURIComponent(organization)}/policy`
}

export function policyQuery(organization: string | undefined) {
  const address = policyAddress(organization)
  return queryOptions({
    queryKey: ['policies', address],
    queryFn: ({ signal }) => call<WirePolicy>('GET', address, { signal }),
  })
}
