// Bars of calls, the refused ones on top of the valid ones. Loaded where a chart is, and only there.
import { type KeyboardEvent, useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { compactCount, tickOf, type UsageBucket, type UsageCut } from '../../format/usage.ts'

export interface UsageChartProps {
  buckets: readonly UsageBucket[]
  cut: UsageCut
  label: string
  /** What is told of a bucket. */
  textOf: (bucket: UsageBucket) => string
  /** The bucket that is pointed at; undefined for none. */
  active: number | undefined
  point: (bucket: number | undefined) => void
  heightPx: number
}

/** So many pixels a label of the time takes, and a space. */
const tickPx = 68

/** A chart as a slider: arrows go from bar to bar, and what a bar tells is its value. */
export function UsageChart({ buckets, cut, label, textOf, active, point, heightPx }: UsageChartProps) {
  const box = useRef<HTMLDivElement>(null)
  const mark = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot>(undefined)
  const last = buckets.length - 1
  useEffect(() => {
    const element = box.current
    if (element === null) return
    const draw = () => {
      chart.current?.destroy()
      chart.current = makeChart(element, { buckets, cut, point, heightPx })
      if (mark.current !== null) chart.current.over.append(mark.current)
    }
    draw()
    const observer = new ResizeObserver(() => {
      if (chart.current?.width !== element.clientWidth) draw()
    })
    observer.observe(element)
    // A picture does not hear of another scheme by itself.
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    scheme.addEventListener('change', draw)
    const theme = new MutationObserver(draw)
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    return () => {
      observer.disconnect()
      theme.disconnect()
      scheme.removeEventListener('change', draw)
      chart.current?.destroy()
      chart.current = undefined
    }
  }, [buckets, cut, point, heightPx])
  useEffect(() => {
    if (mark.current === null || chart.current === undefined) return
    const { style } = mark.current
    style.display = active === undefined ? 'none' : 'block'
    if (active === undefined) return
    const [left, right] = [active - 0.5, active + 0.5].map((x) => chart.current?.valToPos(x, 'x') ?? 0)
    style.left = `${left}px`
    style.width = `${(right as number) - (left as number)}px`
  })
  const press = (event: KeyboardEvent) => {
    const from = active ?? last
    const next = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: last }[event.key]
    if (event.key === 'Escape') point(undefined)
    else if (next !== undefined) point(Math.min(last, Math.max(0, next)))
    else return
    event.preventDefault()
  }
  const shown = active ?? last
  return (
    <div
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={1}
      aria-valuemax={buckets.length}
      aria-valuenow={shown + 1}
      aria-valuetext={textOf(buckets[shown] as UsageBucket)}
      className="relative rounded"
      style={{ height: heightPx }}
      onKeyDown={press}
      onFocus={() => point(active ?? last)}
      onBlur={() => point(undefined)}
    >
      {/* Out of the flow: where the page becomes narrower, a picture of before does not hold it open. */}
      <div ref={box} className="absolute inset-0 overflow-hidden">
        <div ref={mark} className="pointer-events-none absolute inset-y-0 hidden bg-ink/8" />
      </div>
    </div>
  )
}

function makeChart(
  element: HTMLElement,
  { buckets, cut, point, heightPx }: Pick<UsageChartProps, 'buckets' | 'cut' | 'point' | 'heightPx'>,
): uPlot {
  const look = getComputedStyle(element)
  const colour = (name: string) => {
    const probe = document.createElement('span')
    probe.style.color = `var(--color-${name})`
    element.append(probe)
    const { color } = getComputedStyle(probe)
    probe.remove()
    return color
  }
  const [muted, line] = [colour('muted'), colour('line')]
  const font = `12px ${look.fontFamily}`
  const bars = (series: string): uPlot.Series => {
    const whole = colour(series)
    const partial = colour(`${series}-running`)
    return {
      paths: (uPlot.paths.bars as uPlot.Series.BarsPathBuilderFactory)({
        size: [0.78, 44],
        // What still runs is paler: there is more to come.
        disp: {
          fill: { unit: 3, values: () => buckets.map(({ isRunning }) => (isRunning ? partial : whole)) },
        },
      }),
      fill: whole,
      width: 0,
      points: { show: false },
    }
  }
  const widthPx = element.clientWidth
  return new uPlot(
    {
      width: widthPx,
      height: heightPx,
      legend: { show: false },
      padding: [10, 22, 0, 0],
      cursor: { x: false, y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: {
        x: { time: false, range: [-0.5, buckets.length - 0.5] },
        y: { range: (_, __, most) => [0, Math.max(4, most)] },
      },
      series: [{}, bars('refused'), bars('valid')],
      axes: [
        {
          stroke: muted,
          font,
          grid: { show: false },
          ticks: { show: false },
          size: 26,
          splits: () => labelled(buckets, cut, Math.max(1, Math.floor(widthPx / tickPx))),
          values: (_, splits) =>
            splits.map((index) => tickOf(buckets[index]?.start ?? 0, ticksOf(buckets, cut))),
        },
        {
          stroke: muted,
          font,
          grid: { stroke: line, width: 1 },
          ticks: { show: false },
          size: 46,
          incrs: Array.from({ length: 16 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat(),
          values: (_, splits) => splits.map(compactCount),
        },
      ],
      hooks: {
        setCursor: [
          ({ cursor: { idx, left } }) => {
            if (document.activeElement !== element.parentElement)
              point(idx == null || left === undefined || left < 0 ? undefined : idx)
          },
        ],
      },
    },
    [buckets.map((_, index) => index), buckets.map(({ calls }) => calls), buckets.map(({ valid }) => valid)],
    element,
  )
}

const hourSteps = [1, 2, 3, 6, 12]
const mostHours = 48

/** Hours of several days are told by the days. */
function ticksOf(buckets: readonly UsageBucket[], cut: UsageCut): UsageCut {
  return cut === 'hour' && buckets.length > mostHours ? 'day' : cut
}

/** Which buckets have a label: so many that there is room for them, at round hours, or back from the last one. */
function labelled(buckets: readonly UsageBucket[], cut: UsageCut, most: number): number[] {
  const hours = [...buckets.entries()].map(
    ([index, { start }]) => [index, new Date(start).getHours()] as const,
  )
  const every = (indexes: number[]) => {
    const step = Math.ceil(indexes.length / most)
    return indexes.filter((_, place) => (indexes.length - 1 - place) % step === 0)
  }
  if (cut !== 'hour') return every(hours.map(([index]) => index))
  if (ticksOf(buckets, cut) === 'day')
    return every(hours.filter(([, hour]) => hour === 0).map(([index]) => index))
  const step = hourSteps.find((length) => buckets.length / length <= most) ?? 24
  return hours.filter(([, hour]) => hour % step === 0).map(([index]) => index)
}
