// Bars beside the rows of a table: eighths of a character where the locale has them, plain signs where it has none.
import { styleText } from 'node:util'
import { saysUnicode } from '../../config.ts'

/** What a bar is of: a part of a whole, and the largest whole beside it. */
export interface Bar {
  value: number
  /** How much of it is drawn by another sign, and in red. */
  refused: number
  max: number
}

interface Signs {
  full: string
  refused: string
  /** Parts of a character, from the smallest to the largest. */
  parts: readonly string[]
}

const blocks: Signs = { full: '█', refused: '░', parts: ['▏', '▎', '▍', '▌', '▋', '▊', '▉'] }
const plain: Signs = { full: '#', refused: 'x', parts: [] }

/** Draws a bar at most so many columns long. What is more than nothing is seen. */
export function drawBar({ value, refused, max }: Bar, width: number): string {
  const { full, refused: other, parts } = saysUnicode() ? blocks : plain
  if (value <= 0 || max <= 0) return ''
  const steps = parts.length + 1
  const length = Math.max(1, Math.round((value / max) * width * steps))
  if (refused <= 0) return full.repeat(Math.floor(length / steps)) + (parts[(length % steps) - 1] ?? '')
  // A part of a character between two signs would be a gap.
  const cells = Math.max(refused < value ? 2 : 1, Math.round(length / steps))
  const share = Math.round((refused / value) * cells)
  const ofRefused = Math.min(Math.max(1, share), refused < value ? cells - 1 : cells)
  return full.repeat(cells - ofRefused) + paintRed(other.repeat(ofRefused))
}

function paintRed(text: string): string {
  return styleText('red', text, { stream: process.stdout })
}
