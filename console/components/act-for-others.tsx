// The offer to act for another organization, on a page that the one acted for does not have: a colleague may have sent its address.
import { actFor, useSession } from '../session.ts'
import { Button } from './button.tsx'
import { marked } from './foreign.tsx'

/** A button for each other organization of a person, or for one of them; nothing for a key, and for who has no other. */
export function ActForOthers({ only }: { only?: string }) {
  const { self } = useSession()
  if (self.type !== 'member') return null
  const others = self.member.organizations.filter(
    ({ id }) => id !== self.organization_id && (only === undefined || only === id),
  )
  return others.map(({ id, name }) => (
    <Button key={id} onClick={() => actFor(id, location.pathname + location.search)}>
      <span>
        Act for <bdi>{marked(name)}</bdi>
      </span>
    </Button>
  ))
}
