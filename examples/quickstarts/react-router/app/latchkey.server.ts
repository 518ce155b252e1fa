// app/latchkey.server.ts
import { createVerifier, type Verifier } from 'latchkey/client'

const shared = globalThis as typeof globalThis & { latchkey?: Verifier }

function open() {
  const { LATCHKEY_URL: url = '', LATCHKEY_KEY: token = '' } = process.env
  const opened = createVerifier({ url, token })
  process.once('SIGTERM', () => opened.close())
  return opened
}

/** One in the process, however often the development server loads this file; it opens at the first request. */
export const verifier: Pick<Verifier, 'verify'> = {
  verify(...question) {
    shared.latchkey ??= open()
    return shared.latchkey.verify(...question)
  },
}
