// A page is left for another once the files of that one are there: while Latchkey is away, what was typed stays.
import { type ShouldBlockFn, useBlocker, useRouter } from '@tanstack/react-router'
import { useCallback } from 'react'
import { connection } from './connection.ts'

/** Keeps to the page that is shown where the next one cannot be loaded; for the frame of all pages. */
export function useUnbrokenPages(): void {
  const router = useRouter()
  const shouldBlockFn = useCallback<ShouldBlockFn>(
    async ({ current, next }) => {
      if (current.routeId === next.routeId) return false
      const route = Object.values(router.routesById).find(({ id }) => id === next.routeId)
      if (route === undefined) return false
      try {
        await router.loadRouteChunk(route)
        return false
      } catch {
        // An upgrade took the files away: the browser loads the whole of the console anew, at the next page.
        if (await connection.ask())
          location.assign(next.pathname + router.options.stringifySearch(next.search))
        return true
      }
    },
    [router],
  )
  useBlocker({ shouldBlockFn, enableBeforeUnload: false })
}
