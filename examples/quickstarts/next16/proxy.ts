// proxy.ts
import { withKey } from 'latchkey/fetch'
import { NextResponse } from 'next/server'
import { verifier } from './lib/latchkey'

/** Guards routes that have no guard of their own, and tells them whose key it was in a header that no client can set. */
const guarded = withKey({ verifier }, (request: Request, key) => {
  const headers = new Headers(request.headers)
  headers.set('x-organization-id', key.organizationId)
  return NextResponse.next({ request: { headers } })
})

export function proxy(request: Request) {
  return guarded(request)
}

export const config = { matcher: '/api/me' }
