// Which rows of a long list are drawn: those on the screen and a few around them, however many there are.
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'

const around = 3

export interface VirtualRows<Box extends HTMLElement> {
  /** For the element that holds the rows and the room of the others. */
  box: React.RefObject<Box | null>
  /** The indexes to draw, in order. */
  indexes: number[]
  /** The room in pixels of the rows before and after them. */
  before: number
  after: number
}

/** Follows the window's scrolling over `count` rows of `heightRem`; tells `reach` of the last one on the screen. */
export function useVirtualRows<Box extends HTMLElement>(
  count: number,
  heightRem: number,
  reach: (row: number) => void,
): VirtualRows<Box> {
  const box = useRef<Box>(null)
  const [top, setTop] = useState(0)
  const [remPx] = useState(() => Number.parseFloat(getComputedStyle(document.documentElement).fontSize))
  const virtual = useWindowVirtualizer({
    count,
    estimateSize: () => heightRem * remPx,
    overscan: around,
    scrollMargin: top,
    initialOffset: () => scrollY,
  })
  useLayoutEffect(() => {
    const measure = () => {
      if (box.current !== null) setTop(Math.round(box.current.getBoundingClientRect().top + scrollY))
    }
    measure()
    // What stands above the list may grow. Told after each layout, where measuring costs nothing.
    const observer = new ResizeObserver(measure)
    observer.observe(document.body)
    return () => observer.disconnect()
  }, [])
  const drawn = virtual.getVirtualItems()
  const first = drawn[0]
  const last = drawn.at(-1)
  const lastIndex = last?.index ?? 0
  useEffect(() => reach(lastIndex), [reach, lastIndex])
  return {
    box,
    indexes: drawn.map(({ index }) => index),
    before: first === undefined ? 0 : first.start - top,
    after: last === undefined ? 0 : virtual.getTotalSize() - (last.end - top),
  }
}
