// src/routes/api/emails/+server.ts
import { json } from '@sveltejs/kit'
import { withKey } from 'latchkey/fetch'
import { verifier } from '../../../lib/server/latchkey'
import type { RequestHandler } from './$types'

const list = withKey({ verifier, permissions: ['emails:read'] }, (_request: Request, key) =>
  json({ emailsOf: key.organizationId }),
)

const send = withKey({ verifier, permissions: ['emails:send'], cost: 10 }, (_request: Request, key) =>
  json({ sentBy: key.name }, { status: 202 }),
)

export const GET: RequestHandler = ({ request }) => list(request)
export const POST: RequestHandler = ({ request }) => send(request)
