// Searches while one types: `/` leads to it from anywhere on the page.
import { Search } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'

const pauseMs = 200

interface SearchFieldProps {
  /** What is searched in: `Search by name`. */
  label: string
  /** What the address says is searched for. */
  value: string
  /** Told once the typing pauses. */
  change: (value: string) => void
  /** What may be typed, if that is more than the label says. */
  placeholder?: string
  /** Told each text at once, and tells whether it has taken it: then it is neither searched for nor kept. */
  take?: (typed: string) => boolean
}

export function SearchField({ label, value, change, placeholder = label, take }: SearchFieldProps) {
  const [typed, setTyped] = useState(value)
  /** What the address says, and behind it what it was told and does not say yet. */
  const told = useRef([value])
  const tell = useRef(change)
  useEffect(() => {
    tell.current = change
  }, [change])
  useEffect(() => {
    const at = told.current.indexOf(value)
    told.current = at < 0 ? [value] : told.current.slice(at)
    // The address changed by itself: back, or a link. What it was told a while ago takes back nothing typed since.
    if (at < 0) setTyped(value)
  }, [value])
  useEffect(() => {
    if (typed === told.current.at(-1)) return
    const timer = setTimeout(() => {
      told.current.push(typed)
      tell.current(typed)
    }, pauseMs)
    return () => clearTimeout(timer)
  }, [typed])
  const type = (text: string) => {
    if (!take?.(text)) return setTyped(text)
    told.current.push('')
    setTyped('')
  }
  return (
    <div className="relative w-full sm:w-auto sm:min-w-48 sm:max-w-72 sm:flex-[99]">
      <Search
        size={16}
        aria-hidden
        className="pointer-events-none absolute left-3 top-1/2 -translate-y-1/2 text-muted"
      />
      <input
        type="search"
        aria-label={label}
        placeholder={placeholder}
        data-shortcut="/"
        autoComplete="off"
        spellCheck={false}
        maxLength={256}
        dir="auto"
        className="input pl-9"
        value={typed}
        onChange={(event) => type(event.target.value)}
        onKeyDown={({ key }) => key === 'Enter' && type(`${typed} `)}
      />
    </div>
  )
}
