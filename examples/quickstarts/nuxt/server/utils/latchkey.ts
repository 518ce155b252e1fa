// server/utils/latchkey.ts
import { createVerifier } from 'latchkey/client'

const { LATCHKEY_URL: url = '', LATCHKEY_KEY: token = '' } = process.env

export const verifier = createVerifier({ url, token })
