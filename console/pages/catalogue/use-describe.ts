// One change of the catalogue, after which every form knows the new one.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { call, type WireCatalogueEntry } from '../../api.ts'
import { catalogueQuery } from '../../queries.ts'

type Change = { permissions: WireCatalogueEntry[] } | { remove: string[] }

export function useDescribe(done: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (change: Change) => call<WireCatalogueEntry[]>('PATCH', '/v1/permissions', { body: change }),
    onSuccess: (catalogue) => {
      client.setQueryData(catalogueQuery().queryKey, catalogue)
      void client.invalidateQueries({ queryKey: ['audit-log'] })
      done()
    },
  })
}
