// Where one can go, and who one is.
import { useMutation } from '@tanstack/react-query'
import { Link, useRouterState } from '@tanstack/react-router'
import {
  Building2,
  ChartColumn,
  CircleHelp,
  KeyRound,
  LayoutDashboard,
  LogOut,
  type LucideIcon,
  ScrollText,
  Settings,
  Users,
} from 'lucide-react'
import { withMarks } from '../format/foreign-text.ts'
import { useOrganizationName } from '../organization-names.ts'
import { labelOf, linkOf, type Place, placesOf } from '../places.ts'
import { useSession } from '../session.ts'
import { IconButton } from './button.tsx'
import { marked } from './foreign.tsx'
import { ErrorNotice } from './notices.tsx'
import { ThemeSwitch } from './theme-switch.tsx'

const entry =
  'flex items-center gap-2.5 rounded-md px-2.5 py-2 font-medium text-muted hover:bg-hover hover:text-ink aria-[current=page]:bg-sunken aria-[current=page]:text-ink lg:py-1.5'

const icons: Record<Place, LucideIcon> = {
  overview: LayoutDashboard,
  keys: KeyRound,
  organizations: Building2,
  usage: ChartColumn,
  activity: ScrollText,
  members: Users,
  settings: Settings,
}

export function Navigation() {
  const session = useSession()
  const { isRoot } = session
  const path = useRouterState({ select: (state) => state.location.pathname })
  const here = placeOf(path, isRoot)
  return (
    <nav aria-label="Main" className="grow space-y-0.5 px-3 py-2">
      {placesOf(session).map((place) => {
        const Icon = icons[place]
        const isHere =
          here === place || (here === 'settings' && place === 'members' && path.includes('members'))
        return (
          <Link
            key={place}
            {...linkOf(place, session)}
            className={entry}
            // The entry is current on all pages that belong to it, and on no other below its address.
            activeOptions={{ exact: true }}
            {...(isHere && { 'aria-current': 'page' as const })}
          >
            <Icon size={17} aria-hidden /> {labelOf(place)}
          </Link>
        )
      })}
    </nav>
  )
}

/** The entry that a page belongs to. */
function placeOf(path: string, isRoot: boolean): Place | undefined {
  if (path === '/') return 'overview'
  const [, first, , part] = path.split('/')
  if (first === 'members' || first === 'webhooks' || first === 'settings') return 'settings'
  if (first === 'organizations' && !isRoot)
    return part === 'limits' || part === 'settings' || part === 'members' ? 'settings' : 'keys'
  return (['keys', 'organizations', 'usage', 'activity'] as const).find((place) => place === first)
}

/** Who is signed in, by name, with the way out. */
export function You({ openHelp }: { openHelp: () => void }) {
  const { self, signOut } = useSession()
  const leaving = useMutation({ mutationFn: signOut })
  const organization = useOrganizationName(self.organization_id) ?? self.organization_id
  return (
    <div className="border-t border-line p-3">
      <Link
        to="/account"
        className="mb-2 block rounded-md px-2.5 py-1.5 hover:bg-hover aria-[current=page]:bg-sunken"
      >
        <span className="sr-only">Your account: </span>
        <span className="block text-xs text-muted">
          {self.type === 'key' ? 'Signed in with' : 'Signed in as'}
        </span>
        <span className="block truncate font-medium" dir="auto" title={withMarks(self.name)}>
          {marked(self.name)}
        </span>
        <span className="block truncate text-xs text-muted" dir="auto" title={self.organization_id}>
          {marked(organization)}
        </span>
      </Link>
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
