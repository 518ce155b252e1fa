// Finds the key of another system's token that was pasted into the search: by its kid, which is reckoned here. The token itself
// is neither sent nor kept.
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useRef, useState } from 'react'
import { kidsOfForeign, mayReckonKids, usualRecipes } from '../../../../src/core/foreign-kids.ts'
import { call, query, type WireKey } from '../../../api.ts'
import { Notice } from '../../../components/notices.tsx'
import { recipesQuery } from '../../../queries.ts'
import { useSession } from '../../../session.ts'

/** What became of something that was pasted and not searched for. */
type Told = keyof typeof texts

interface TokenSearch {
  told: Told | undefined
  /** Tells of something else, or of nothing any more. */
  tell: (told: Told | undefined) => void
  look: (token: string) => Promise<void>
}

/** Calls `found` with the kid of a key of the organization, or of any. */
export function useTokenSearch(organization: string | undefined, found: (kid: string) => void): TokenSearch {
  const { isRoot, refusal } = useSession()
  const client = useQueryClient()
  const [told, setTold] = useState<Told>()
  const last = useRef(0)
  const tell = (next: Told | undefined) => {
    last.current++
    setTold(next)
  }
  const isThere = async (kid: string) => {
    const parameters = { organization_id: organization, kid, status: 'all', limit: 1 }
    return (await call<WireKey[]>('GET', `/v1/keys${query(parameters)}`)).length > 0
  }
  const look = async (token: string) => {
    if (!mayReckonKids()) return tell('insecure')
    tell('looking')
    const own = last.current
    const end = (next: Told | undefined, kid?: string) => {
      // Something else was typed meanwhile.
      if (own !== last.current) return
      setTold(next)
      if (kid !== undefined) found(kid)
    }
    try {
      const mayReadRecipes = isRoot && refusal('latchkey:keys:read') === undefined
      const recipes = mayReadRecipes ? await client.fetchQuery(recipesQuery()) : usualRecipes
      for (const kid of await kidsOfForeign(token, recipes))
        if (await isThere(kid)) return end(undefined, kid)
      end(recipes.some(({ pepper }) => pepper !== null) ? 'peppered' : 'unknown')
    } catch {
      end('failed')
    }
  }
  return { told, tell, look }
}

const foreign = 'This looks like a token of another system'
const unsent = 'It was not searched for in names, and is neither sent nor kept.'

const texts = {
  part: {
    title: 'This is part of a token',
    text: 'It was not searched for, and is not kept. Paste the whole token, of which only the public part is sent, or its hint.',
  },
  looking: { title: foreign, text: `${unsent} Looking for its key…` },
  unknown: {
    title: foreign,
    text: `No key has it. ${unsent} To find a name that looks so, type a part of it.`,
  },
  peppered: {
    title: foreign,
    text: `No key is found by it without a pepper, which no page knows. ${unsent}`,
  },
  insecure: {
    title: foreign,
    text: `Over plain HTTP the browser cannot reckon which key has it. ${unsent}`,
  },
  failed: { title: foreign, text: `Latchkey could not be asked which key has it. ${unsent} Paste it again.` },
} as const

/** Nothing where there is nothing to tell. */
export function TokenSearchNotice({ told }: { told: Told | undefined }): ReactNode {
  if (told === undefined) return null
  const { title, text } = texts[told]
  return (
    <div className="mb-3" role="status">
      <Notice tone="note" title={title}>
        <p>
          {text}
          {(told === 'peppered' || told === 'insecure') && (
            <>
              {' '}
              <Link to="/try" className="text-link underline underline-offset-2">
                Try a token
              </Link>{' '}
              sends it, and tells its key.
            </>
          )}
        </p>
      </Notice>
    </div>
  )
}
