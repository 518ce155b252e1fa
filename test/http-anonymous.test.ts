// What anybody may ask for without a token must not take the process's time: it is made once, or so often in a second.
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { createMetrics, shareRenders } from '../src/http/metrics.ts'
import { openLatchkey } from '../src/index.ts'
import { createPipeline } from '../src/server/app.ts'
import { makeSqlite } from './setup/databases.ts'

test('the reference page and the document are made once', async () => {
  const database = makeSqlite()
  await using latchkey = await openLatchkey({ database: database.url })
  const { parts } = createPipeline(latchkey, { log: pino({ level: 'silent' }) })
  expect(parts.docsPage()).toBe(parts.docsPage())
  expect(parts.document()).toBe(parts.document())
  expect(new TextDecoder().decode(parts.docsPage())).toMatch(/^<!doctype html>/)
  await database.remove()
})

test('a flood of scrapes renders the metrics ten times a second', async () => {
  let now = 0
  let renders = 0
  const render = shareRenders(
    async () => `render ${++renders}`,
    () => now,
  )
  for (let i = 0; i < 1_000; i++) await render()
  expect(renders).toBe(10)
  expect(await render()).toBe('render 10')
  now = 999
  expect(await render()).toBe('render 10')
  now = 1_000
  expect(await render()).toBe('render 11')
})

test('scrapes that come together share one render, and one that fails is not kept', async () => {
  let renders = 0
  const render = shareRenders(async () => {
    renders++
    if (renders === 2) throw new Error('Not now.')
    return `render ${renders}`
  })
  expect(await Promise.all([render(), render(), render()])).toEqual(Array(3).fill('render 1'))
  await expect(render()).rejects.toThrow('Not now.')
  expect(await render()).toBe('render 3')
})

test('a scrape that comes alone sees every request answered before it', async () => {
  const metrics = createMetrics()
  const render = shareRenders(() => metrics.render())
  for (const count of [1, 2, 3]) {
    metrics.countVerdict('valid')
    expect(await render()).toContain(`latchkey_verdicts_total{code="valid"} ${count}`)
  }
})
