// app/routes/emails.ts
import { withKey } from 'latchkey/fetch'
import { verifier } from '../latchkey.server'
import type { Route } from './+types/emails'

const list = withKey({ verifier, permissions: ['emails:read'] }, (_request: Request, key) =>
  Response.json({ emailsOf: key.organizationId }),
)

const send = withKey({ verifier, permissions: ['emails:send'], cost: 10 }, (_request: Request, key) =>
  Response.json({ sentBy: key.name }, { status: 202 }),
)

export const loader = ({ request }: Route.LoaderArgs) => list(request)
export const action = ({ request }: Route.ActionArgs) => send(request)
