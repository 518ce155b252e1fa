// The calls of the last days with each key of a list: asked for the rows on the screen, many by one call.
import { useQuery } from '@tanstack/react-query'
import { createContext, type ReactNode, use, useEffect, useMemo, useState } from 'react'
import { dayMs } from '../../../../src/core/periods.ts'
import type { WireKey } from '../../../api.ts'
import { useHour } from '../../../components/usage/recent.tsx'
import { countOf } from '../../../format/limits.ts'
import { compactCount, totalOf } from '../../../format/usage.ts'
import { figuresQuery } from '../../../usage-queries.ts'

const days = 7
/** As many keys are asked for at once; the API takes 50. */
const keysAtOnce = 25
const pauseMs = 200
const renewMs = 120_000

/** With which others the figures of a key are asked for, by its id: key ids between commas. None are, of one that is not there. */
const AskedTogether = createContext<ReadonlyMap<string, string>>(new Map())

interface CallsOfRowsProps {
  /** All keys of the list so far, of which the rows from `first` to `end` are on the screen. */
  keys: readonly WireKey[]
  first: number
  end: number
  /** Whether the column is there, and the reader may see its figures. */
  isShown: boolean
  children: ReactNode
}

export function CallsOfRows({ keys, first, end, isShown, children }: CallsOfRowsProps) {
  // Rows that are scrolled past ask for nothing.
  const [from, to] = usePaused(
    Math.floor(first / keysAtOnce),
    Math.ceil(Math.max(end, first + 1) / keysAtOnce),
  )
  const asked = useMemo(() => {
    const together = new Map<string, string>()
    for (let at = from; isShown && at < to; at++) {
      const ids = keys.slice(at * keysAtOnce, (at + 1) * keysAtOnce).map(({ id }) => id)
      for (const id of ids) together.set(id, ids.join(','))
    }
    return together
  }, [keys, from, to, isShown])
  return <AskedTogether value={asked}>{children}</AskedTogether>
}

function usePaused(from: number, to: number): [number, number] {
  const [paused, setPaused] = useState<[number, number]>([from, to])
  useEffect(() => {
    const timer = setTimeout(() => setPaused([from, to]), pauseMs)
    return () => clearTimeout(timer)
  }, [from, to])
  return paused
}

const barPx = 7
const heightPx = 20

/** A bar for each of the last days by UTC, the last one still running, and how many calls they had. */
export function Calls({ id }: { id: string }) {
  const today = Math.floor(useHour() / dayMs)
  const together = use(AskedTogether).get(id)
  const since = new Date((today - days + 1) * dayMs).toISOString()
  // All rows that are asked for together have one query.
  const { data } = useQuery({
    ...figuresQuery({ since, by: 'day', group: 'key', key_ids: together }),
    enabled: together !== undefined,
    refetchInterval: renewMs,
  })
  const rows = data?.rows.filter((row) => row.id === id)
  if (rows === undefined) return null
  const { calls, valid } = totalOf(rows)
  if (calls === 0) return <span className="text-muted">None</span>
  const byDay = Array.from({ length: days }, (_, i) => {
    const row = rows.find(({ start }) => Date.parse(start) / dayMs === today - days + 1 + i)
    return { calls: row?.calls ?? 0, valid: row?.valid ?? 0 }
  })
  const most = Math.max(...byDay.map((day) => day.calls))
  const high = (count: number) => (count === 0 ? 0 : Math.max(1, (heightPx * count) / most))
  return (
    <span
      className="flex items-center gap-2"
      title={`${countOf(calls)} calls in the last ${days} days by UTC, ${countOf(calls - valid)} refused`}
    >
      <svg width={days * barPx} height={heightPx} aria-hidden className="shrink-0">
        {byDay.map((day, i) => (
          <g key={today + i} className={i === days - 1 ? 'opacity-55' : ''}>
            <Bar at={i} height={high(day.calls)} look="fill-refused" />
            <Bar at={i} height={high(day.valid)} look="fill-valid" />
          </g>
        ))}
      </svg>
      <span className="leading-none tabular-nums">{compactCount(calls)}</span>
    </span>
  )
}

function Bar({ at, height, look }: { at: number; height: number; look: string }) {
  return <rect x={at * barPx} y={heightPx - height} width={barPx - 2} height={height} className={look} />
}
