// The parts of what a page is about, each at an address of its own.
import { Link, type LinkProps } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'

export interface Tab {
  label: string
  link: Pick<LinkProps, 'to' | 'params' | 'search'>
  /** Whether no part of it is current but the address itself. */
  isExact?: boolean
}

/** Links in a row, of which one is the current page. On a phone the row scrolls by itself, with that one in sight. */
export function Tabs({ label, tabs }: { label: string; tabs: readonly Tab[] }) {
  const row = useRef<HTMLElement>(null)
  useEffect(() => {
    const current = row.current?.querySelector<HTMLElement>('[aria-current="page"]')
    if (row.current && current) row.current.scrollLeft = current.offsetLeft - 16
  })
  return (
    <nav
      ref={row}
      aria-label={label}
      className="relative -mx-4 mb-6 overflow-x-auto border-b border-line px-4 [scrollbar-width:none] sm:-mx-6 sm:px-6 lg:-mx-8 lg:px-8"
    >
      <ul className="-ml-2.5 flex min-w-max gap-1">
        {tabs.map(({ label: text, link, isExact = false }) => (
          <li key={text}>
            <Link
              {...link}
              activeOptions={{ exact: isExact, includeSearch: false }}
              className="-mb-px block whitespace-nowrap rounded-t border-b-2 border-transparent px-2.5 py-2 font-medium text-muted hover:text-ink focus-visible:-outline-offset-2 aria-[current=page]:border-ink aria-[current=page]:text-ink"
            >
              {text}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}
