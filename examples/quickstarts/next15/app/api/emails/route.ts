// app/api/emails/route.ts
import { withKey } from 'latchkey/fetch'
import { verifier } from '../../../lib/latchkey'

export const GET = withKey({ verifier, permissions: ['emails:read'] }, (_request: Request, key) =>
  Response.json({ emailsOf: key.organizationId }),
)

export const POST = withKey({ verifier, permissions: ['emails:send'], cost: 10 }, (_request: Request, key) =>
  Response.json({ sentBy: key.name }, { status: 202 }),
)
