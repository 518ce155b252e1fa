// server/api/emails.get.ts
import { withKey } from 'latchkey/fetch'

const list = withKey({ verifier, permissions: ['emails:read'] }, (_request: Request, key) =>
  Response.json({ emailsOf: key.organizationId }),
)

export default defineEventHandler((event) => list(toWebRequest(event)))
