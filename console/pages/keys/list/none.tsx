// In place of a list without keys: why there are none, and what to do next.
import { KeyRound, SearchX } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button } from '../../../components/button.tsx'
import { EmptyState } from '../../../components/notices.tsx'
import { type KeySelection, keySelections } from '../../../format/key-selections.ts'
import type { KeySearch } from '../../../searches.ts'

interface NoKeysProps {
  /** Whether a text is searched for. */
  isSearch: boolean
  /** Whether it is narrowed by anything else than its status and its use. */
  isFiltered: boolean
  status: NonNullable<KeySearch['status']>
  only: KeySelection | undefined
  newKey: ReactNode
  clear: () => void
  all: () => void
}

const notes = {
  expired: 'A key is listed here after it expires.',
  suspended: 'A suspended key is refused, and stays here until somebody resumes it.',
  revoked: 'A revoked key is never valid again, and stays here for the record.',
} as const

export function NoKeys({ isSearch, isFiltered, status, only, newKey, clear, all }: NoKeysProps) {
  const kind = status === 'all' ? '' : `${status} `
  if (isSearch || isFiltered) {
    return (
      <EmptyState
        icon={<SearchX size={22} />}
        title={isFiltered ? `No ${kind}key fits all of this` : `No ${kind}key has this text in its name`}
        action={
          <>
            <Button onClick={clear}>Clear the search</Button>
            {status !== 'all' && <Button onClick={all}>Search all statuses</Button>}
          </>
        }
      >
        {status !== 'all'
          ? `The search covered ${status} keys only. Keys of another status may match.`
          : isFiltered
            ? 'A key is listed if it has everything that is asked for.'
            : 'The search covers names and descriptions, and neither permissions nor ids.'}
      </EmptyState>
    )
  }
  if (only !== undefined) {
    return (
      <EmptyState
        icon={<SearchX size={22} />}
        title={`No ${kind}key ${keySelections[only].none}`}
        action={<Button onClick={clear}>Show the active ones</Button>}
      >
        {keySelections[only].note}
      </EmptyState>
    )
  }
  if (status === 'expired' || status === 'suspended' || status === 'revoked') {
    return (
      <EmptyState
        icon={<KeyRound size={22} />}
        title={`No key is ${status}`}
        action={<Button onClick={clear}>Show the active ones</Button>}
      >
        {notes[status]}
      </EmptyState>
    )
  }
  return (
    <EmptyState
      icon={<KeyRound size={22} />}
      title={status === 'active' ? 'No active key yet' : 'No key yet'}
      action={
        <>
          {newKey}
          {status === 'active' && <Button onClick={all}>Show all statuses</Button>}
        </>
      }
    >
      A key lets a program use your API. It has a name, permissions and, if you like, an expiry. Create a key,
      and give its token to the program.
    </EmptyState>
  )
}
