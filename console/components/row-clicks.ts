// A row that lights up under the pointer opens wherever it is pressed, and not on its name alone. By the keyboard the
// name's link opens it.
import { useRouter } from '@tanstack/react-router'
import { type RefObject, useEffect } from 'react'

const controls = 'a, button, input, select, summary, label'

/** Listens on the element that holds the rows; each says by `data-opens` which page it opens. */
export function useRowClicks(box: RefObject<HTMLElement | null>): void {
  const router = useRouter()
  useEffect(() => {
    const rows = box.current
    if (rows === null) return
    const open = (event: MouseEvent) => {
      const { target, button } = event
      if (button > 1 || !(target instanceof Element) || target.closest(controls) !== null) return
      const href = target.closest('[data-opens]')?.getAttribute('data-opens')
      // What was dragged over is being selected, to be copied.
      if (!href || getSelection()?.toString()) return
      const isElsewhere = button === 1 || event.ctrlKey || event.metaKey || event.shiftKey
      if (isElsewhere) window.open(href, '_blank', 'noopener')
      else if (button === 0 && !event.altKey) void router.navigate({ href })
    }
    // The middle button scrolls, if nobody takes it.
    const hold = (event: MouseEvent) => {
      const { target } = event
      const isRow = target instanceof Element && target.closest(controls) === null
      if (event.button === 1 && isRow && target.closest('[data-opens]') !== null) event.preventDefault()
    }
    rows.addEventListener('click', open)
    rows.addEventListener('auxclick', open)
    rows.addEventListener('mousedown', hold)
    return () => {
      rows.removeEventListener('click', open)
      rows.removeEventListener('auxclick', open)
      rows.removeEventListener('mousedown', hold)
    }
  }, [box, router])
}
