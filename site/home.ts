// The first page: what Latchkey is, shown with a piece of the README that the tests run, and a way in for each reader.
import { colourCode, escapeHtml } from './code.ts'
import type { Document, Group } from './documents.ts'

/** Writes what is between the bar and the end of the first page. */
export function writeHome(documents: readonly Document[], groups: readonly Group[], summary: string): string {
  const sample = sampleOf(documents)
  return `<main id="content" tabindex="-1">
<section class="hero">
<div>
<h1>API keys for the customers of your API</h1>
<p class="lead">${escapeHtml(summary)} You host it: one process with SQLite inside, or several machines on PostgreSQL.</p>
<p class="actions"><a class="button" href="start.html">Start in five minutes</a><a class="button plain" href="documents.html">All documents</a></p>
</div>
${sample}
</section>
<section class="points" aria-label="What it does">
${points.map(([title, text, target]) => `<div><h2><a href="${target}">${title}</a></h2><p>${text}</p></div>`).join('\n')}
</section>
<section class="readers" aria-label="By reader">
${groups
  .filter(({ name }) => name.startsWith('You '))
  .map(card)
  .join('\n')}
</section>
<figure class="shot">
<img class="only-light" src="images/console/overview-light.png" width="1280" height="880" alt="The overview of the console: calls, refusals, and the busiest keys and organizations" loading="lazy">
<img class="only-dark" src="images/console/overview-dark.png" width="1280" height="880" alt="The overview of the console: calls, refusals, and the busiest keys and organizations" loading="lazy">
<figcaption>The <a href="guides/console.html">console</a>, which the server brings along.</figcaption>
</figure>
</main>`
}

/** The pictures of the first page, from the root of the repository. */
export const homePictures = [
  'docs/images/console/overview-light.png',
  'docs/images/console/overview-dark.png',
]

const points: [title: string, text: string, target: string][] = [
  [
    'Verify from memory',
    'A warm verification reads no database, in the server or in your own process.',
    'guides/verification.html',
  ],
  [
    'Revoke for certain',
    'No process answers from memory older than two seconds, even if it is cut off or paused.',
    'explain/staleness.html',
  ],
  [
    'Rotate without downtime',
    'Two secrets of one key are valid for as long as you say, and you see which is used.',
    'guides/keys.html',
  ],
  [
    'Limit and count',
    'Rate limits, quotas, credits and plans, by key and by customer; usage by hour and day.',
    'guides/limits.html',
  ],
  [
    'Prove what happened',
    'Each change has its actor and its event, in a log that nobody rewrites unseen.',
    'guides/audit.html',
  ],
  [
    'Tell others',
    'Webhooks and a stream of events: a key is new, expires soon, or has used up its quota.',
    'guides/webhooks.html',
  ],
]

function card({ name, entries }: Group): string {
  const links = entries.slice(0, 5).map(({ document }) => {
    return `<li><a href="${document.address}">${escapeHtml(document.title)}</a></li>`
  })
  const more =
    entries.length > 5
      ? `<p><a href="documents.html#${name.toLowerCase().replaceAll(' ', '-')}">All ${entries.length}</a></p>`
      : ''
  return `<div><h2>${escapeHtml(name)}</h2><ul>${links.join('')}</ul>${more}</div>`
}

/** The first program of the README that verifies a token, as it stands there. */
function sampleOf(documents: readonly Document[]): string {
  const readme = documents.find(({ path }) => path === 'README.md')?.text ?? ''
  const programs = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text)
  const program = programs.find((text) => text.includes('.verify('))
  if (program === undefined) return ''
  return `<pre tabindex="0" data-language="ts"><code>${colourCode(program.trimEnd(), 'ts')}</code></pre>`
}
