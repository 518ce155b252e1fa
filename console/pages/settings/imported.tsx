// The tokens of other systems: how many are left of each kind, and which peppers they still need.
import { useQuery } from '@tanstack/react-query'
import { CircleCheck, TriangleAlert } from 'lucide-react'
import type { WireRecipeUse } from '../../api.ts'
import { Section } from '../../components/page.tsx'
import { Pill } from '../../components/pill.tsx'
import { recipeWords, tokensCounted } from '../../format/recipes.ts'
import { recipesQuery } from '../../queries.ts'

/** Nothing where no token was imported. */
export function Imported() {
  const { data: recipes = [] } = useQuery(recipesQuery())
  if (recipes.length === 0) return null
  return (
    <Section
      title="Imported tokens"
      lead="A key that is rotated gets a token of Latchkey, and its imported one ends. At 0 a pepper is not needed any more."
    >
      <table className="w-full border-collapse">
        <caption className="sr-only">Imported tokens by how they are hashed</caption>
        <thead>
          <tr className="text-xs text-muted">
            <th scope="col" className="pb-1 text-left font-medium">
              Hash
            </th>
            <th scope="col" className="px-3 pb-1 text-left font-medium">
              Pepper
            </th>
            <th scope="col" className="pb-1 text-right font-medium">
              Tokens
            </th>
          </tr>
        </thead>
        <tbody>
          {recipes.map((recipe) => (
            <tr
              key={JSON.stringify([recipe.scheme, recipe.of, recipe.pepper])}
              className="border-t border-line"
            >
              <th scope="row" className="foreign py-1.5 text-left font-normal">
                {recipeWords(recipe)}
              </th>
              <td className="px-3 py-1.5">
                <Pepper of={recipe} />
              </td>
              <td className="py-1.5 text-right tabular-nums">{tokensCounted(recipe.tokens)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  )
}

function Pepper({ of: { pepper, is_ready: isReady, tokens } }: { of: WireRecipeUse }) {
  if (pepper === null) return <span className="text-muted">None</span>
  return (
    <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <code className="code">{pepper}</code>
      {!isReady && tokens > 0 ? (
        <Pill tone="warn" icon={TriangleAlert}>
          Missing in LATCHKEY_PEPPERS
        </Pill>
      ) : (
        tokens === 0 && (
          <Pill tone="quiet" icon={CircleCheck}>
            Not needed any more
          </Pill>
        )
      )}
    </span>
  )
}
