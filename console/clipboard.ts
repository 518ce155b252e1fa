// Copying where a page may, and the old way where it may not: browsers keep the clipboard from pages over plain HTTP.

/** Copies a text; resolves to whether it was copied. To be called while something is being pressed. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return copyBySelection(text)
  }
}

/** Selects what an element shows, for the reader to copy. */
export function selectAll(element: Element): void {
  const selection = getSelection()
  const range = document.createRange()
  range.selectNodeContents(element)
  selection?.removeAllRanges()
  selection?.addRange(range)
}

/** Has the browser copy what is selected: a text that stands on the page for that moment alone. */
function copyBySelection(text: string): boolean {
  const selection = getSelection()
  const before = Array.from({ length: selection?.rangeCount ?? 0 }, (_, i) => selection?.getRangeAt(i))
  const place = document.createElement('span')
  place.textContent = text
  place.ariaHidden = 'true'
  place.style.cssText = 'position:fixed;top:0;opacity:0;white-space:pre;user-select:text'
  // The text alone: of a selection, the browser would take its look along.
  const give = (event: ClipboardEvent) => {
    event.clipboardData?.setData('text/plain', text)
    event.preventDefault()
  }
  document.body.append(place)
  document.addEventListener('copy', give, { once: true })
  try {
    selectAll(place)
    return document.execCommand('copy')
  } catch {
    return false
  } finally {
    document.removeEventListener('copy', give)
    place.remove()
    selection?.removeAllRanges()
    for (const range of before) if (range) selection?.addRange(range)
  }
}
