// A service that judges tokens in its own memory, and then writes down all that its heap holds.
import { writeHeapSnapshot } from 'node:v8'
import { createVerifier } from '../../src/client/index.ts'

process.on('message', async ({ url, token, tokens, path }: Record<string, string>) => {
  const verifier = createVerifier({ url: url as string, token: token as string })
  await verifier.ready()
  for (const each of (tokens as string).split(' ')) {
    await verifier.verify(each)
    if (!verifier.verifyCached(each)?.valid) throw new Error('Memory does not answer.')
  }
  tokens = ''
  process.send?.('judged')
  process.once('message', () => {
    writeHeapSnapshot(path)
    process.send?.('written')
  })
})
