// The frame around every page: where one can go, who is signed in, and what is wrong with the connection.
import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { Menu, Search } from 'lucide-react'
import { Suspense, useCallback, useEffect, useState } from 'react'
import { OrganizationSwitch, RootKeyLine } from './components/acting-for.tsx'
import { IconButton } from './components/button.tsx'
import { ConnectionBanner } from './components/connection-banner.tsx'
import { Logo } from './components/logo.tsx'
import { MissingPart } from './components/missing-part.tsx'
import { Navigation, You } from './components/navigation.tsx'
import { PageSkeleton } from './components/page.tsx'
import { later } from './later.tsx'
import { useShortcuts } from './shortcuts.ts'
import { useUnbrokenPages } from './unbroken-pages.ts'

const HelpDialog = later(async () => (await import('./components/help-dialog.tsx')).HelpDialog, MissingPart)

const SearchDialog = later(
  async () => (await import('./components/search-dialog.tsx')).SearchDialog,
  MissingPart,
)

export function Layout() {
  const [help, setHelp] = useState(false)
  const [searching, setSearching] = useState(false)
  const [menu, setMenu] = useState(false)
  const openHelp = useCallback(() => setHelp(true), [])
  const openSearch = useCallback(() => setSearching(true), [])
  useShortcuts({ openHelp, openSearch })
  useUnbrokenPages()
  const path = useRouterState({ select: (state) => state.location.pathname })
  // On another page the menu has done its work.
  useEffect(() => setMenu(path === ''), [path])
  return (
    <div className="min-h-dvh lg:pl-60">
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-raised px-4 py-2 focus:not-sr-only focus:fixed focus:left-3 focus:top-3"
      >
        Skip to the page
      </a>
      <header className="border-b border-line bg-surface lg:fixed lg:inset-y-0 lg:left-0 lg:flex lg:w-60 lg:flex-col lg:border-b-0 lg:border-r">
        <div className="flex items-center justify-between gap-3 px-4 py-2 lg:py-3">
          <Link to="/" className="flex items-center gap-2.5 rounded text-base font-semibold tracking-tight">
            <Logo />
            Latchkey
          </Link>
          <IconButton
            label="Search"
            icon={<Search size={18} aria-hidden />}
            className="ml-auto lg:hidden"
            onClick={openSearch}
          />
          <IconButton
            label={menu ? 'Close the menu' : 'Open the menu'}
            icon={<Menu size={20} aria-hidden />}
            aria-expanded={menu}
            aria-controls="menu"
            className="lg:hidden"
            onClick={() => setMenu(!menu)}
          />
        </div>
        <div id="menu" className={`${menu ? 'flex' : 'hidden'} grow flex-col lg:flex`}>
          <OrganizationSwitch />
          <div className="hidden px-3 pb-1 lg:block">
            <button
              type="button"
              aria-keyshortcuts="Control+K"
              className="flex min-h-9 w-full items-center gap-2.5 rounded-md border border-line bg-page px-2.5 text-left text-muted hover:bg-hover hover:text-ink"
              onClick={openSearch}
            >
              <Search size={16} aria-hidden />
              <span className="grow">Search</span>
              <kbd className="font-sans text-xs" aria-hidden>
                Ctrl K
              </kbd>
            </button>
          </div>
          <Navigation />
          <You openHelp={openHelp} />
        </div>
      </header>
      <main id="main" tabIndex={-1} className="min-w-0 outline-none">
        <ConnectionBanner />
        <RootKeyLine />
        <Suspense fallback={<PageSkeleton />}>
          <Outlet />
        </Suspense>
      </main>
      {searching && (
        <Suspense>
          <SearchDialog close={() => setSearching(false)} />
        </Suspense>
      )}
      {help && (
        <Suspense>
          <HelpDialog close={() => setHelp(false)} />
        </Suspense>
      )}
    </div>
  )
}
