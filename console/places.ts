// Which pages there are for who is signed in, in the order in which they are offered: by what they may read, never by the
// name of a role.
import type { LinkProps } from '@tanstack/react-router'
import type { ManagementPermission } from '../src/core/permissions.ts'
import type { Tab } from './components/tabs.tsx'
import type { Session } from './session.ts'

/** The entries of the navigation. */
export type Place = 'overview' | 'keys' | 'organizations' | 'usage' | 'activity' | 'members' | 'settings'

type Asked = Pick<Session, 'isRoot' | 'refusal' | 'self'>

/** The entries of the navigation, at most six. */
export function placesOf(session: Asked): Place[] {
  const may = mayOf(session)
  const { isRoot, self } = session
  const seesUsage = isRoot || may('latchkey:usage:read')
  // Who only oversees comes for what happened.
  const isOverseer =
    self.type === 'member' && !isRoot && may('latchkey:members:read') && !may('latchkey:keys:write')
  // A person who runs nothing has no settings to look after.
  const hasSettings = isRoot || self.type === 'key' || may('latchkey:members:read')
  const places: [Place, boolean][] = isOverseer
    ? [
        ['activity', may('latchkey:audit:read')],
        ['keys', true],
        ['usage', seesUsage],
        ['members', true],
      ]
    : [
        ['overview', hasOverview(session)],
        ['keys', true],
        ['organizations', isRoot],
        ['usage', seesUsage],
        ['activity', may('latchkey:audit:read')],
        ['settings', hasSettings],
      ]
  return places.filter(([, isThere]) => isThere).map(([place]) => place)
}

/** Where an entry leads. */
export function linkOf(place: Place, session: Asked): Pick<LinkProps, 'to' | 'params'> {
  const { isRoot, self } = session
  if (place === 'keys' && !isRoot)
    return { to: '/organizations/$organization', params: { organization: self.organization_id } }
  if (place === 'settings') return settingsOf(session)[0]?.link ?? { to: '/account' }
  return links[place]
}

const links = {
  overview: { to: '/' },
  keys: { to: '/keys' },
  organizations: { to: '/organizations' },
  usage: { to: '/usage' },
  activity: { to: '/activity' },
  members: { to: '/settings/members' },
} as const

/** With what who is signed in begins. */
export function firstPlace(session: Asked): Place {
  return placesOf(session)[0] ?? 'keys'
}

/** Whether there is a page of figures and of what wants attention: for who runs an organization, and for keys that see usage. */
export function hasOverview(session: Asked): boolean {
  const may = mayOf(session)
  if (session.isRoot) return true
  return may('latchkey:usage:read') && (session.self.type === 'key' || may('latchkey:members:write'))
}

/** The pages of the settings. */
export function settingsOf(session: Asked): Tab[] {
  const may = mayOf(session)
  const { isRoot, self } = session
  const organization = { organization: self.organization_id }
  return [
    ...(may('latchkey:members:read')
      ? [{ label: 'Members', link: { to: '/settings/members' } } as const]
      : []),
    ...(isRoot ? [{ label: 'Sign-in', link: { to: '/settings/sign-in' } } as const] : []),
    ...(may('latchkey:webhooks:read')
      ? [{ label: 'Webhooks', link: { to: '/settings/webhooks' } } as const]
      : []),
    ...(isRoot
      ? ([
          { label: 'Permissions', link: { to: '/settings/permissions' } },
          { label: 'Plans', link: { to: '/settings/plans' } },
          { label: 'Policy', link: { to: '/settings/policy' } },
          { label: 'Leaks', link: { to: '/settings/leaks' } },
          { label: 'Instance', link: { to: '/settings/instance' } },
        ] as const)
      : ([
          { label: 'Limits', link: { to: '/organizations/$organization/limits', params: organization } },
          {
            label: 'Organization',
            link: { to: '/organizations/$organization/settings', params: organization },
          },
        ] as const)),
  ]
}

function mayOf({ refusal }: Asked): (permission: ManagementPermission) => boolean {
  return (permission) => refusal(permission) === undefined
}

const labels: Record<Place, string> = {
  overview: 'Overview',
  keys: 'Keys',
  organizations: 'Organizations',
  usage: 'Usage',
  activity: 'Activity',
  members: 'Members',
  settings: 'Settings',
}

/** What an entry is called. */
export function labelOf(place: Place): string {
  return labels[place]
}

/** All pages that lead on from nothing in particular, for the search. */
export function pagesOf(session: Asked): Tab[] {
  const places = placesOf(session)
    .filter((place) => place !== 'settings' && place !== 'members')
    .map((place) => ({ label: labelOf(place), link: linkOf(place, session) }))
  return [
    ...places,
    ...settingsOf(session),
    { label: 'Account and sessions', link: { to: '/account' } },
    { label: 'Try a token', link: { to: '/try' } },
  ]
}
