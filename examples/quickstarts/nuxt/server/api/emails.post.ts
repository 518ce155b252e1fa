// server/api/emails.post.ts
import { withKey } from 'latchkey/fetch'

const send = withKey({ verifier, permissions: ['emails:send'], cost: 10 }, (_request: Request, key) =>
  Response.json({ sentBy: key.name }, { status: 202 }),
)

export default defineEventHandler((event) => send(toWebRequest(event)))
