// lib/latchkey.ts
import { createVerifier, type Verifier } from 'latchkey/client'

const shared = globalThis as typeof globalThis & { latchkey?: Verifier }

/** One in the process, however often `next dev` loads this file; it opens at the first request, so `next build` needs no server. */
export const verifier: Pick<Verifier, 'verify'> = {
  verify(...question) {
    const { LATCHKEY_URL: url = '', LATCHKEY_KEY: token = '' } = process.env
    shared.latchkey ??= createVerifier({ url, token })
    return shared.latchkey.verify(...question)
  },
}
