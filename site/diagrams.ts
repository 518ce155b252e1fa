// Pictures in two schemes: what is drawn for light and for dark, as the reader's switch has it and not only the system.
import { createHash } from 'node:crypto'
import { renderMermaidSVG } from 'beautiful-mermaid'

/** The colours of the pages, in style.css. */
const schemes = {
  light: { bg: '#ffffff', fg: '#1b1c1e', accent: '#a8741a', muted: '#5b5e65' },
  dark: { bg: '#1b1d20', fg: '#eceef0', accent: '#e0b25a', muted: '#a6abb3' },
} as const
type Scheme = keyof typeof schemes

/** A picture's two forms by scheme. */
export type Pair = Record<Scheme, string>

/** Draws a diagram that is written for Mermaid; gives the two pictures and a name for them that follows from the text. */
export function drawDiagram(text: string): { name: string; pair: Pair } {
  const name = createHash('sha256').update(text).digest('hex').slice(0, 12)
  return { name, pair: { light: draw(text, 'light'), dark: draw(text, 'dark') } }
}

function draw(text: string, scheme: Scheme): string {
  // It asks for a font of another host, which a picture could not get anyway.
  return renderMermaidSVG(text, schemes[scheme])
    .replace(/^\s*@import url\([^)]*\);\n/m, '')
    .replaceAll("'Inter', system-ui", 'Inter, system-ui')
}

const systemIsDark = '(prefers-color-scheme: dark)'

/** The two forms of a picture that asks the system for its scheme; undefined if it does not. */
export function splitSchemes(svg: string): Pair | undefined {
  if (!svg.includes(systemIsDark)) return undefined
  return { light: svg.replaceAll(systemIsDark, 'not all'), dark: svg.replaceAll(systemIsDark, 'all') }
}
