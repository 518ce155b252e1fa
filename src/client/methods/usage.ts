// What a server tells of usage.
import type { ExportedUsage, Usage, UsageFigures, UsageRow } from '../../core/shapes/usage.ts'
import { type CallOptions, pathSegment, type Requester } from '../request/request.ts'
import { checkOptions } from './calls.ts'

/** Makes the methods on usage of a client. */
export function usageMethods({ readDated, readRows }: Requester): Usage<CallOptions> {
  const read = async (path: string, query: object, options: CallOptions | undefined) => {
    const headers = ['latchkey-as-of', 'latchkey-closed-until']
    const { value: rows, at } = await readDated<UsageRow[]>(path, query, headers, options)
    const [asOf, closedUntil] = at as [Date, Date]
    return { rows, asOf, closedUntil } satisfies UsageFigures
  }
  return {
    read: async (input, options) => read('/v1/usage', input ?? {}, checkOptions(options)),
    readKey: async (id, input, options) =>
      read(`/v1/keys/${pathSegment(id)}/usage`, input ?? {}, checkOptions(options)),
    export: async (input, options) => {
      const checked = checkOptions(options)
      const path = '/v1/usage/export'
      const { rows, at } = await readRows<ExportedUsage>(path, input ?? {}, 'latchkey-closed-until', checked)
      return Object.assign(rows, { closedUntil: at })
    },
  }
}
