// The frame around every page: where one can go, who is signed in, and what is wrong with the connection.
import { useMutation } from '@tanstack/react-query'
import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import {
  Blocks,
  BookText,
  Building2,
  ChartColumn,
  CircleHelp,
  FlaskConical,
  KeyRound,
  LayoutDashboard,
  LogOut,
  Menu,
  MonitorSmartphone,
  ScrollText,
  ShieldCheck,
  Webhook,
} from 'lucide-react'
import { Suspense, useEffect, useState } from 'react'
import { IconButton } from './components/button.tsx'
import { ConnectionBanner } from './components/connection-banner.tsx'
import { marked } from './components/foreign.tsx'
import { Logo } from './components/logo.tsx'
import { MissingPart } from './components/missing-part.tsx'
import { ErrorNotice } from './components/notices.tsx'
import { PageSkeleton } from './components/page.tsx'
import { ThemeSwitch } from './components/theme-switch.tsx'
import { withMarks } from './format/foreign-text.ts'
import { isKeyId, shortKeyId } from './format/key-ids.ts'
import { later } from './later.tsx'
import { useOrganizationName } from './organization-names.ts'
import { useSession } from './session.ts'
import { useShortcuts } from './shortcuts.ts'
import { useUnbrokenPages } from './unbroken-pages.ts'

const HelpDialog = later(async () => (await import('./components/help-dialog.tsx')).HelpDialog, MissingPart)

export function Layout() {
  const [help, setHelp] = useState(false)
  const [menu, setMenu] = useState(false)
  useShortcuts(() => setHelp(true))
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
        <div className="flex items-center justify-between gap-3 px-4 py-3">
          <Link to="/" className="flex items-center gap-2.5 rounded text-base font-semibold tracking-tight">
            <Logo />
            Latchkey
          </Link>
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
          <Navigation />
          <Account openHelp={() => setHelp(true)} />
        </div>
      </header>
      <main id="main" tabIndex={-1} className="min-w-0 outline-none">
        <ConnectionBanner />
        <Suspense fallback={<PageSkeleton />}>
          <Outlet />
        </Suspense>
      </main>
      {help && (
        <Suspense>
          <HelpDialog close={() => setHelp(false)} />
        </Suspense>
      )}
    </div>
  )
}

const entry =
  'flex items-center gap-2.5 rounded-md px-2.5 py-2 font-medium text-muted hover:bg-hover hover:text-ink aria-[current=page]:bg-sunken aria-[current=page]:text-ink lg:py-1.5'

const current = { 'aria-current': 'page' } as const

function Navigation() {
  const { isRoot, key, refusal } = useSession()
  const seesUsage = isRoot || refusal('latchkey:usage:read') === undefined
  const isOnKey = useRouterState({ select: (state) => state.location.pathname.startsWith('/keys/') })
  return (
    <nav aria-label="Main" className="grow space-y-0.5 px-3 py-2">
      {seesUsage && (
        <Link to="/" className={entry}>
          <LayoutDashboard size={17} aria-hidden /> Overview
        </Link>
      )}
      {isRoot ? (
        <>
          <Link to="/organizations" className={entry}>
            <Building2 size={17} aria-hidden /> Organizations
          </Link>
          {/* The page of a key is one of them too. */}
          <Link to="/keys" className={entry}>
            <KeyRound size={17} aria-hidden /> All keys
          </Link>
          <Link to="/plans" className={entry}>
            <Blocks size={17} aria-hidden /> Plans
          </Link>
          <Link to="/permissions" className={entry}>
            <BookText size={17} aria-hidden /> Permissions
          </Link>
          <Link to="/policy" className={entry}>
            <ShieldCheck size={17} aria-hidden /> Policy
          </Link>
        </>
      ) : (
        <Link
          to="/organizations/$organization"
          params={{ organization: key.organization_id }}
          className={entry}
          {...(isOnKey && current)}
        >
          <KeyRound size={17} aria-hidden /> Keys
        </Link>
      )}
      {seesUsage && (
        <Link to="/usage" className={entry}>
          <ChartColumn size={17} aria-hidden /> Usage
        </Link>
      )}
      {refusal('latchkey:webhooks:read') === undefined && (
        <Link to="/webhooks" className={entry}>
          <Webhook size={17} aria-hidden /> Webhooks
        </Link>
      )}
      <Link to="/audit-log" className={entry}>
        <ScrollText size={17} aria-hidden /> Audit log
      </Link>
      <Link to="/try" className={entry}>
        <FlaskConical size={17} aria-hidden /> Try a token
      </Link>
      <Link to="/sessions" className={entry}>
        <MonitorSmartphone size={17} aria-hidden /> Sessions
      </Link>
    </nav>
  )
}

function Account({ openHelp }: { openHelp: () => void }) {
  const { key, signOut } = useSession()
  const leaving = useMutation({ mutationFn: signOut })
  const organization = useOrganizationName(key.organization_id) ?? key.organization_id
  return (
    <div className="border-t border-line p-3">
      <div className="px-2.5 pb-2">
        <p className="text-xs text-muted">Signed in with</p>
        <p className="truncate font-medium" dir="auto" title={withMarks(key.name)}>
          {marked(key.name)}
        </p>
        <p className="truncate text-xs text-muted" dir="auto" title={withMarks(organization)}>
          {marked(organization)}
        </p>
        {/* There before the name is known: nothing above it moves then. */}
        <p className="min-h-4 truncate font-mono text-xs text-muted" title={key.organization_id}>
          {organization !== key.organization_id &&
            (isKeyId(key.organization_id) ? shortKeyId(key.organization_id) : key.organization_id)}
        </p>
      </div>
      <div className="flex items-center gap-1">
        <ThemeSwitch />
        <IconButton
          label="Help and keyboard"
          icon={<CircleHelp size={18} aria-hidden />}
          onClick={openHelp}
        />
        <IconButton
          label="Sign out"
          icon={<LogOut size={18} aria-hidden />}
          onClick={() => leaving.mutate()}
        />
      </div>
      {leaving.isError && <ErrorNotice error={leaving.error} title="You are still signed in" />}
    </div>
  )
}
