// `--import` it before a built server: each flush of usage adds a line to the file that `FLUSH_TIMES` names, with how many
// milliseconds it took.
import { appendFileSync } from 'node:fs'

const file = process.env.FLUSH_TIMES ?? ''
const built = new URL('../../dist/verification/', import.meta.url)
const { UsageRecorder } = await import(new URL('usage.js', built).href)
const { flush } = UsageRecorder.prototype

UsageRecorder.prototype.flush = async function () {
  const begunAt = performance.now()
  await flush.call(this)
  appendFileSync(file, `${performance.now() - begunAt}\n`)
}
