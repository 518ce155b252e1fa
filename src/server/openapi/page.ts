// The reference page: the OpenAPI document as one HTML page, made here of nothing foreign. It is read without its script,
// which searches, copies and keeps the reader's language.
import { escapeHtml, fields, markdown, type } from './fields.ts'
import { badge, type Entry, type Operation, operationSection, placeOf, problemsOfAll } from './operation.ts'
import type { JsonSchema } from './schemas.ts'

interface Document {
  info: { title: string; version: string; summary: string; description: string }
  tags: { name: string; description: string }[]
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, JsonSchema> }
}

/** Writes the page for a document that `openApiDocument` made. */
export function docsPage(openApi: JsonSchema): string {
  const { info, tags, paths, components } = openApi as unknown as Document
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
  const ofTag = (name: string) => operations.filter(({ operation }) => operation.tags[0] === name)
  const title = `${escapeHtml(info.title)} ${escapeHtml(info.version)}: the HTTP API`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="stylesheet" href="docs/style.css">
<script src="docs/script.js"></script>
</head>
<body>
<header>
<button class="menu" type="button" popovertarget="calls">Calls</button>
<a class="title" href="#top"><svg width="26" height="26" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="7" fill="#1f2125"/><circle cx="16" cy="12" r="5.5" fill="none" stroke="#e0b25a" stroke-width="3"/><path d="M16 17.5V27M16 22.5h4.5M16 26.5h3" fill="none" stroke="#e0b25a" stroke-width="3" stroke-linecap="round"/></svg> ${escapeHtml(info.title)} <small>${escapeHtml(info.version)}</small></a>
<span>The HTTP API</span>
<a href="openapi.json">openapi.json</a>
<a href="./">Console</a>
</header>
<nav id="calls" popover aria-label="Calls">
<p class="search" hidden><input type="search" aria-label="Search the calls" placeholder="Search the calls" autocomplete="off" spellcheck="false"><span role="status"></span></p>
${tags.map(({ name }) => `<section><h2>${escapeHtml(name)}</h2>\n<ul>${ofTag(name).map(link).join('')}</ul></section>`).join('\n')}
<section><h2>Shapes</h2>
<ul>${Object.keys(components.schemas).map(shapeLink).join('')}</ul></section>
</nav>
<main id="top">
<h1>${escapeHtml(info.title)}: the HTTP API</h1>
<p class="lead">${escapeHtml(info.summary)}</p>
${markdown(info.description)}
${setup}
<h2>What any call may meet</h2>
<p>The server refuses these requests before they reach a call. The problems of each call stand with it.</p>
<div class="problems">${operations[0] ? problemsOfAll(operations[0].operation) : ''}</div>
${tags
  .map(
    ({ name, description }) =>
      `<h2>${escapeHtml(name)}</h2>\n<p class="lead">${escapeHtml(description)}</p>\n${ofTag(name)
        .map((entry) => operationSection(entry, components.schemas))
        .join('\n')}`,
  )
  .join('\n')}
<h2>Shapes</h2>
${Object.entries(components.schemas).map(shape).join('\n')}
</main>
</body>
</html>
`
}

/** What the code of each call goes on from. */
const setup = `<h2>Before the code</h2>
<p>The code of each call goes on from one of these. <code>LATCHKEY_URL</code> is the address of this server, and <code>LATCHKEY_KEY</code> holds the token of a key that may make the call. No code here holds a token.</p>
<dl class="setup">
<dt>curl</dt><dd><pre tabindex="0"><code>export LATCHKEY_URL=http://127.0.0.1:7373 LATCHKEY_KEY=re_…</code></pre></dd>
<dt>TypeScript</dt><dd><pre tabindex="0"><code>${escapeHtml(`import { createClient } from 'latchkey/client'

const { LATCHKEY_URL: url = '', LATCHKEY_KEY: token = '' } = process.env
const latchkey = createClient({ url, token })`)}</code></pre></dd>
<dt>Python</dt><dd><pre tabindex="0"><code>${escapeHtml(`import os
from datetime import datetime

from latchkey import Latchkey

client = Latchkey(os.environ["LATCHKEY_URL"], os.environ["LATCHKEY_KEY"])`)}</code></pre></dd>
<dt>Go</dt><dd><pre tabindex="0"><code>${escapeHtml(`client, err := latchkey.New(latchkey.Options{
	URL:   os.Getenv("LATCHKEY_URL"),
	Token: os.Getenv("LATCHKEY_KEY"),
})`)}</code></pre></dd>
<dt>latchkey</dt><dd>The command reads both variables.</dd>
</dl>`

function link({ method, operation, path }: Entry): string {
  const words = `${operation.operationId} ${path}`
  return `<li data-words="${escapeHtml(words)}"><a href="#${placeOf(operation)}">${escapeHtml(operation.summary)}</a> ${badge(method)}</li>`
}

function shapeLink(name: string): string {
  return `<li><a href="#shape-${name}">${name}</a></li>`
}

function shape([name, schema]: [string, JsonSchema]): string {
  const options = (schema.anyOf as JsonSchema[] | undefined) ?? [schema]
  return `<section class="call" id="shape-${name}">
<div>
<h3><a href="#shape-${name}">${name}</a></h3>
${options.map(option).join('<p>or</p>')}
</div>
<div class="code">${exampleOf(schema)}</div>
</section>`
}

function option(schema: JsonSchema): string {
  return '$ref' in schema ? `<p>${type(schema)}</p>` : fields(schema)
}

function exampleOf({ examples }: JsonSchema): string {
  if (!Array.isArray(examples)) return ''
  return `<pre tabindex="0"><code>${escapeHtml(JSON.stringify(examples[0], null, 2))}</code></pre>`
}
