// `--import` it before a built server: that seals no event then, and so sends none to webhooks.
import { registerHooks } from 'node:module'

const declaration = 'export async function queueEvents('

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (!url.endsWith('/dist/store/sealed-log.js')) return loaded
    const source = String(loaded.source)
    if (!source.includes(declaration)) throw new Error('Nothing there queues events.')
    // A transaction waits for the statement.
    const nothing = `${declaration}tx) {\n  await sql\`select 1\`.execute(tx)\n}`
    const unqueued = source.replace(declaration, `${nothing}\nasync function queueThem(`)
    return { ...loaded, source: unqueued }
  },
})
