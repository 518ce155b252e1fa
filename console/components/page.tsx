// The frame of every page: its title, for the window too, what it is part of, and its main actions.
import { Link, type LinkProps } from '@tanstack/react-router'
import { ChevronRight } from 'lucide-react'
import { type ReactNode, useEffect, useRef } from 'react'
import { withMarks } from '../format/foreign-text.ts'
import { marked } from './foreign.tsx'

export interface Crumb {
  label: string
  link: Pick<LinkProps, 'to' | 'params' | 'search'>
}

interface PageProps {
  /** May hold a name that others gave. */
  title: string
  /** Beside the title: a status, an id. */
  aside?: ReactNode
  /** One sentence under the title. */
  lead?: ReactNode
  crumbs?: Crumb[]
  actions?: ReactNode
  /** Above the title: the other pages of the same kind. */
  above?: ReactNode
  /** Below the title: the parts of what the page is about. */
  tabs?: ReactNode
  /** How wide it may be: as one reads, if absent; as wide as the window for tables; or for two columns of text. */
  width?: keyof typeof widths
  children: ReactNode
}

/** The same at the left of every page, so that titles stay where they are from one page to the next. */
const frame = 'w-full px-4 py-4 sm:px-6 lg:px-8 lg:py-6'
const widths = { reading: 'max-w-6xl', columns: 'max-w-[112rem]', table: 'max-w-[140rem]' } as const

export function Page({
  title,
  aside,
  lead,
  crumbs = [],
  actions,
  above,
  tabs,
  width = 'reading',
  children,
}: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${withMarks(title)} · Latchkey`
  }, [title])
  useEffect(() => {
    // Who reads by ear is told of the new page; who typed somewhere already is left alone.
    if (document.activeElement === document.body) heading.current?.focus({ preventScroll: true })
  }, [])
  return (
    <div className={`${frame} ${widths[width]}`}>
      {above}
      {crumbs.length > 0 && (
        <nav aria-label="You are here" className="mb-2">
          <ol className="flex flex-wrap items-center gap-1 text-muted">
            {crumbs.map(({ label, link }, index) => (
              <li key={`${link.to} ${label}`} className="flex min-w-0 items-center gap-1">
                {/* Between two of them: after the last one it would lead nowhere. */}
                {index > 0 && <ChevronRight size={14} aria-hidden className="shrink-0" />}
                <Link {...link} dir="auto" className="foreign rounded hover:text-ink hover:underline">
                  {marked(label)}
                </Link>
              </li>
            ))}
          </ol>
        </nav>
      )}
      {/* On a phone the actions stand below, however long the title turns out to be. */}
      <header className="mb-4 flex flex-col items-start justify-between gap-x-6 gap-y-3 sm:flex-row lg:mb-6">
        <div className="min-w-0 max-w-full">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <h1
              ref={heading}
              tabIndex={-1}
              className="foreign text-xl font-semibold tracking-tight"
              dir="auto"
            >
              {marked(title)}
            </h1>
            {aside}
          </div>
          {lead && <p className="mt-1 max-w-2xl text-muted">{lead}</p>}
        </div>
        {actions && <div className="flex shrink-0 flex-wrap gap-2">{actions}</div>}
      </header>
      {tabs}
      {children}
    </div>
  )
}

/** A part of a page under a heading of its own. */
export function Section({
  title,
  lead,
  actions,
  children,
}: {
  title: string
  lead?: ReactNode
  actions?: ReactNode
  children: ReactNode
}) {
  return (
    <section className="card mb-6 p-4 sm:p-5" aria-label={title}>
      <div className="mb-4 flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h2 className="text-base font-semibold">{title}</h2>
          {lead && <p className="mt-0.5 max-w-2xl text-muted">{lead}</p>}
        </div>
        {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
      </div>
      {children}
    </section>
  )
}

/** Where a page is still to come: of its size, so that nothing jumps. */
export function PageSkeleton() {
  return (
    <div className={`${frame} ${widths.reading}`} aria-busy="true" role="status">
      <span className="sr-only">Loading</span>
      <div className="mb-8 h-7 w-56 animate-pulse rounded bg-line" />
      <div className="h-96 animate-pulse rounded-lg bg-line/60" />
    </div>
  )
}
