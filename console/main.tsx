// Starts the console: the theme first, then the page that the address names.

import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { setNonce } from 'get-nonce'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ApiError } from './api.ts'
import { arrival } from './arrival.ts'
import { SessionGate } from './gate.tsx'
import { router } from './router.tsx'
import { sessionEnd } from './session.ts'
import './style.css'
import { currentTheme, showTheme } from './theme.ts'
import { WayIn } from './way-in.tsx'

showTheme(currentTheme())
// The policy lets in no style sheet without it; dialogs make one to hold the page still.
setNonce(document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? '')

const client = new QueryClient({
  queryCache: new QueryCache({ onError: sessionEnd.notice }),
  mutationCache: new MutationCache({ onError: sessionEnd.notice }),
  defaultOptions: {
    // The browser's own word for 'offline' is about networks; what counts is whether Latchkey answers.
    queries: {
      networkMode: 'always',
      staleTime: 5_000,
      // The connection is asked for in one place; what was refused would be again.
      retry: (count, error) => count < 2 && error instanceof ApiError && error.status >= 500,
    },
    mutations: { networkMode: 'always' },
  },
})

// The page's own files come while it is asked who is signed in.
if (arrival === undefined) {
  for (const { routeId } of router.matchRoutes(router.latestLocation)) {
    // Where they do not come, the page itself says so.
    router.loadRouteChunk(router.routesById[routeId as keyof typeof router.routesById])?.catch(() => {})
  }
}

createRoot(document.getElementById('console') as HTMLElement).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      {arrival === undefined ? (
        <SessionGate>
          <RouterProvider router={router} />
        </SessionGate>
      ) : (
        <WayIn to={arrival} />
      )}
    </QueryClientProvider>
  </StrictMode>,
)
