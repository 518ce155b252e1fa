// Code in tabs, such as that for a new token, each to be copied.
import { Tabs } from 'radix-ui'
import { type Snippet, snippetsFor } from '../format/snippets.ts'
import { CopyBox } from './copy.tsx'

export function Snippets({ token, permissions }: { token: string; permissions: readonly string[] }) {
  return (
    <SnippetTabs label="Ways to use the token" snippets={snippetsFor(token, permissions, location.origin)} />
  )
}

/** Code in tabs that are called what `label` says. */
export function SnippetTabs({ label, snippets }: { label: string; snippets: readonly Snippet[] }) {
  return (
    <Tabs.Root defaultValue={snippets[0]?.title ?? ''}>
      <Tabs.List aria-label={label} className="mb-2 flex flex-wrap gap-1">
        {snippets.map(({ title }) => (
          <Tabs.Trigger
            key={title}
            value={title}
            className="min-h-9 rounded-md border border-transparent px-3 font-medium text-muted hover:bg-hover hover:text-ink data-[state=active]:border-edge data-[state=active]:bg-sunken data-[state=active]:text-ink"
          >
            {title}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {snippets.map(({ title, lead, code }) => (
        <Tabs.Content key={title} value={title} className="rounded-lg">
          <p className="mb-2 max-w-2xl text-muted">{lead}</p>
          <CopyBox text={code} label={title} />
        </Tabs.Content>
      ))}
    </Tabs.Root>
  )
}
