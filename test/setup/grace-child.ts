// A process that verifies a token when it is told to, by a clock that its file says; a test freezes it with a use unwritten.
import { readFileSync } from 'node:fs'
import { openLatchkey } from '../../src/latchkey.ts'

const [database, clockFile] = process.argv.slice(2) as [string, string]
const latchkey = await openLatchkey({ database, now: () => Number(readFileSync(clockFile, 'utf8')) })

process.on('message', async (token: string) => process.send?.((await latchkey.verify(token)).code))
process.send?.('ready')
