// A process that uses, changes and ends as it is told, and says what came of it; a test freezes it amid that.
import { openLatchkey } from '../../src/latchkey.ts'

/** What it does next; `note a use` of a token, and closes so that the use is written. */
export type Deed = { kind: 'note a use'; token: string } | { kind: 'revoke'; id: string }

const latchkey = await openLatchkey({ database: process.argv[2] as string })

async function perform(deed: Deed): Promise<string> {
  try {
    if (deed.kind === 'revoke') await latchkey.keys.revoke(deed.id)
    else {
      await latchkey.verify(deed.token)
      await latchkey.close()
    }
    return 'done'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

process.on('message', async (deed: Deed) => process.send?.(await perform(deed)))
process.send?.('ready')
