// src/lib/server/latchkey.ts
import { createVerifier, type Verifier } from 'latchkey/client'

const shared = globalThis as typeof globalThis & { latchkey?: Verifier }

function open() {
  const { LATCHKEY_URL: url = '', LATCHKEY_KEY: token = '' } = process.env
  const opened = createVerifier({ url, token })
  process.once('sveltekit:shutdown', () => opened.close())
  return opened
}

/** One in the process, however often `vite dev` loads this file; it opens at the first request, so the build needs no server. */
export const verifier: Pick<Verifier, 'verify'> = {
  verify(...question) {
    shared.latchkey ??= open()
    return shared.latchkey.verify(...question)
  },
}
