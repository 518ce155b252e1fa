// The chart of docs/reference/benchmarks.md: verifications a second, a bar each, on a logarithmic scale. Colors are chosen so
// that they can be told apart on light and on dark ground, and by who does not see all of them.
import { type Figure, type Findings, medianOf } from '../rounds.ts'
import { formatNumber } from './numbers.ts'

const colors = { ours: '#0f7bb8', floor: '#8a8f98', peer: '#c2571a' }
const names = { ours: 'Latchkey', floor: 'floor', peer: 'another project' }
const width = 860
const labelWidth = 330
const valueWidth = 90
const rowHeight = 22
const titleHeight = 34
const legendHeight = 34

export function drawChart(found: readonly Findings[]): string {
  const groups = found
    .map(({ title, figures }) => ({ title, figures: figures.filter(({ role }) => role) }))
    .filter(({ figures }) => figures.length > 0)
  const all = groups.flatMap(({ figures }) => figures.map(({ values }) => medianOf(values)))
  const decades = {
    least: Math.floor(Math.log10(Math.min(...all, 100))),
    most: Math.ceil(Math.log10(Math.max(...all, 1000))),
  }
  const placeOf = (value: number) =>
    ((Math.log10(value) - decades.least) / (decades.most - decades.least)) * (width - labelWidth - valueWidth)

  const parts: string[] = []
  let top = legendHeight
  for (const { title, figures } of groups) {
    parts.push(text(0, top + 22, title, 'font-weight="600"'))
    top += titleHeight
    for (const figure of figures) {
      parts.push(drawRow(figure, top, placeOf(medianOf(figure.values))))
      top += rowHeight
    }
  }
  const lines = Array.from({ length: decades.most - decades.least + 1 }, (_, i) => {
    const value = 10 ** (decades.least + i)
    const x = labelWidth + placeOf(value)
    return `<path d="M${x} ${legendHeight}V${top}" stroke="#8a8f98" stroke-opacity=".3"/>${text(x, top + 18, value.toLocaleString('en'), 'text-anchor="middle"')}`
  })
  const height = top + 30
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="Verifications a second, on a logarithmic scale">`,
    // A ground of its own: its text must not depend on the page's.
    `<rect width="${width}" height="${height}" rx="8" fill="#fff"/>`,
    '<g transform="translate(0 0)" fill="#1c2024">',
    ...drawLegend(),
    ...lines,
    ...parts,
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}

function drawRow({ what, values, unit, role = 'ours' }: Figure, top: number, length: number): string {
  const isRequests = unit.startsWith('requests')
  const value = formatNumber(medianOf(values))
  const tooltip = `<title>${escapeXml(`${what}: ${value} ${isRequests ? 'requests ' : ''}a second`)}</title>`
  return `<g>${tooltip}${text(labelWidth - 10, top + 15, what, 'text-anchor="end"')}<rect x="${labelWidth}" y="${top + 3}" width="${length.toFixed(1)}" height="${rowHeight - 7}" rx="2" fill="${colors[role]}"/>${text(labelWidth + length + 6, top + 15, value)}</g>`
}

function drawLegend(): string[] {
  const roles = Object.keys(colors) as (keyof typeof colors)[]
  return roles.map((role, i) => {
    const x = labelWidth + i * 110
    return `<rect x="${x}" y="10" width="12" height="12" rx="2" fill="${colors[role]}"/>${text(x + 18, 20, names[role])}`
  })
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const indented = x === 0 ? 16 : x
  return `<text x="${indented.toFixed(1)}" y="${y}" ${attributes}>${escapeXml(content)}</text>`
}

function escapeXml(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
