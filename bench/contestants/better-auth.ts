// better-auth's `verifyApiKey` with its rate limit on, in a process of its own: `node better-auth.ts <database> <keys>`.
import { openBetterAuth } from '../better-auth.ts'
import { inRandomOrder } from '../dataset.ts'
import { rateAtOnce } from '../loop.ts'
import { serveTurns } from './turns.ts'

const [database = '', keys] = process.argv.slice(2)
const { verify, close } = await openBetterAuth(database, Number(keys), true)
const tokens = inRandomOrder(Number(keys))
serveTurns((turnMs) => rateAtOnce(tokens, verify, turnMs), { close })
