// The calls of the last 30 days, as bars, and as a table for who does not see them.
import type { Context } from '../context.ts'
import { draw, h, newId } from '../dom.ts'
import type { UsageRow } from '../wire.ts'

const height = 64
const step = 20
const width = 14

/** Draws it. */
export function usageChart({ words, format }: Context, rows: UsageRow[]): HTMLElement {
  const titleId = newId()
  const total = sum(rows.map(({ calls }) => calls))
  const refused = sum(rows.map(({ calls, valid }) => calls - valid))
  const summary = total === 0 ? words.noUsage : words.usageTotal(format.number(total), format.number(refused))
  const head = h(
    'div',
    { class: 'usage-head' },
    h('h3', { id: titleId }, words.usage),
    h('p', { class: 'muted' }, summary),
  )
  const section = h('section', { class: 'card usage', 'aria-labelledby': titleId }, head)
  if (total === 0) return section
  const [first, last] = [rows[0], rows.at(-1)] as [UsageRow, UsageRow]
  section.append(
    drawBars(rows, `${words.usage}: ${summary}`),
    h(
      'div',
      { class: 'axis', 'aria-hidden': 'true' },
      h('span', {}, format.shortDay(first.start)),
      h('span', {}, format.shortDay(last.start)),
    ),
    h('div', { class: 'legend', 'aria-hidden': 'true' }, mark('valid'), mark('refused')),
    h('details', {}, h('summary', {}, words.asTable), table()),
  )
  return section

  function mark(name: 'valid' | 'refused'): HTMLElement {
    return h('span', { class: `key ${name}` }, words[name])
  }
  function table(): HTMLElement {
    const cells = (row: UsageRow) => [
      h('th', { scope: 'row' }, format.shortDay(row.start)),
      h('td', {}, format.number(row.valid)),
      h('td', {}, format.number(row.calls - row.valid)),
    ]
    const heads = [words.day, words.valid, words.refused].map((text) => h('th', { scope: 'col' }, text))
    return h(
      'table',
      { 'aria-label': words.usage },
      h('thead', {}, h('tr', {}, ...heads)),
      // The newest first, as who opens it looks for them.
      h('tbody', {}, ...rows.toReversed().map((row) => h('tr', {}, ...cells(row)))),
    )
  }
}

function drawBars(rows: UsageRow[], label: string): SVGElement {
  const most = Math.max(...rows.map(({ calls }) => calls))
  // A day that had a call has a mark, however few it had.
  const scale = (calls: number) => (calls === 0 ? 0 : Math.max(2, (calls / most) * height))
  const bars = rows.flatMap(({ calls, valid }, i) => {
    const whole = scale(calls)
    const refused = calls === valid ? 0 : Math.max(2, (whole * (calls - valid)) / calls)
    const bar = (name: string, y: number, high: number) =>
      high > 0 && draw('rect', { class: name, x: i * step + (step - width) / 2, y, width, height: high })
    return [
      bar('none', height - 1, 1),
      bar('valid', height - whole + refused, whole - refused),
      bar('refused', height - whole, refused),
    ]
  })
  const box = `0 0 ${rows.length * step} ${height}`
  return draw('svg', { role: 'img', 'aria-label': label, viewBox: box, preserveAspectRatio: 'none' }, ...bars)
}

function sum(values: number[]): number {
  return values.reduce((all, value) => all + value, 0)
}
