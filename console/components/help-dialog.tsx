// What the keyboard does, and where to read more.
import { Dialog } from './dialog.tsx'

const keys = [
  ['Ctrl K', 'Search for anything'],
  ['/', 'Go to the search of the page'],
  ['n', 'New: a key, an organization, a plan or a webhook'],
  ['?', 'This help'],
  ['Esc', 'Close what is open'],
  ['Tab', 'Go from one control to the next'],
] as const

export function HelpDialog({ close }: { close: () => void }) {
  return (
    <Dialog title="Help" close={close}>
      <h3 className="mb-2 font-medium">Keyboard</h3>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-2">
        {keys.map(([key, meaning]) => (
          <div key={key} className="contents">
            <dt>
              <kbd className="code">{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <h3 className="mb-2 mt-5 font-medium">Words</h3>
      <dl className="space-y-2">
        <div>
          <dt className="font-medium">Key</dt>
          <dd className="text-muted">
            A name, permissions and a history. It keeps its id through every rotation.
          </dd>
        </div>
        <div>
          <dt className="font-medium">Token</dt>
          <dd className="text-muted">
            The value that a program sends. Latchkey shows it only when a key is created or rotated.
          </dd>
        </div>
        <div>
          <dt className="font-medium">Grace</dt>
          <dd className="text-muted">How long the old token stays valid after a rotation.</dd>
        </div>
      </dl>
      <p className="mt-5">
        {/* Beside this page, on which something may have been typed. */}
        <a href="/docs" target="_blank" rel="noopener" className="text-link underline">
          The HTTP API
        </a>
      </p>
    </Dialog>
  )
}
