// Rotates the key that a deployment uses: `node rotate.ts > token`, then deploy with the new token. The old one
// opens for ten minutes more, so that nothing fails while the deployment replaces its processes.
import { createClient, LatchkeyClientError } from 'latchkey/client'

const { LATCHKEY_URL, LATCHKEY_KEY, KEY_ID } = process.env
if (!LATCHKEY_URL || !LATCHKEY_KEY || !KEY_ID) throw new Error('Set LATCHKEY_URL, LATCHKEY_KEY and KEY_ID.')
const latchkey = createClient({ url: LATCHKEY_URL, token: LATCHKEY_KEY })

try {
  const { key, hint } = await latchkey.keys.rotate(KEY_ID, { graceSeconds: 600 })
  // The token goes to standard output alone, where the next step takes it; the log gets its public part.
  process.stdout.write(key)
  console.error(`Rotated to ${hint}; the token before it ends in ten minutes.`)
} catch (error) {
  if (!(error instanceof LatchkeyClientError)) throw error
  // A deployment just before this one has its grace still: a third token is not given out.
  const isBusy = error.code === 'rotation_in_progress'
  console.error(isBusy ? 'The last rotation is still in its grace: try again later.' : error.message)
  process.exitCode = isBusy ? 75 : 1
}
