// What to do on a fresh server, with a tick at what is done; gone when all of it is.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Circle, CircleCheck } from 'lucide-react'
import type { ReactNode } from 'react'
import { Section } from '../../components/page.tsx'
import { firstStepsQuery } from '../../queries.ts'
import { useSession } from '../../session.ts'

export function FirstSteps({ isRoot, organization }: { isRoot: boolean; organization: string }) {
  const { self, refusal } = useSession()
  const maySee =
    refusal('latchkey:keys:read') === undefined &&
    (!isRoot || refusal('latchkey:organizations:read') === undefined)
  const { data } = useQuery({
    ...firstStepsQuery(isRoot ? undefined : organization, self.id),
    enabled: maySee,
  })
  if (data === undefined || (data.hasOrganization && data.hasKey && data.isVerified)) return null
  const owner = data.organization ?? organization
  return (
    <Section
      title="First steps"
      lead={isRoot ? 'From an empty server to the first call.' : 'From nothing to the first call.'}
    >
      <ol className="space-y-3">
        {isRoot && (
          <Step isDone={data.hasOrganization} text="Create an organization: a customer of yours.">
            <Link to="/organizations" className={link}>
              Organizations
            </Link>
          </Step>
        )}
        <Step
          isDone={data.hasKey}
          text={
            isRoot
              ? 'Create a key for it, and give its token to the program that calls you.'
              : 'Create a key, and give its token to your program that makes the calls.'
          }
        >
          {data.hasOrganization && (
            <Link to="/organizations/$organization/new-key" params={{ organization: owner }} className={link}>
              New key
            </Link>
          )}
        </Step>
        <Step
          isDone={data.isVerified}
          text={
            isRoot
              ? 'Verify the token: from your API, or here.'
              : 'Have the program make its first call, or try the token here.'
          }
        >
          <Link to="/try" className={link}>
            Try a token
          </Link>{' '}
          <a href="/docs" className={link}>
            The API
          </a>
        </Step>
      </ol>
    </Section>
  )
}

const link = 'mr-3 rounded text-link underline underline-offset-2'

function Step({ isDone, text, children }: { isDone: boolean; text: string; children: ReactNode }) {
  return (
    <li className="flex gap-3">
      {isDone ? (
        <CircleCheck size={20} aria-hidden className="shrink-0 text-good" />
      ) : (
        <Circle size={20} aria-hidden className="shrink-0 text-muted" />
      )}
      <div>
        <p className={isDone ? 'text-muted' : 'font-medium'}>
          {text}
          {isDone && <span className="sr-only"> Done.</span>}
        </p>
        {!isDone && children}
      </div>
    </li>
  )
}
