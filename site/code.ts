// Colours code: as classes, since a strict Content-Security-Policy allows no style in an attribute.
import { createCssVariablesTheme, createHighlighter } from 'shiki'
import { createJavaScriptRegexEngine } from 'shiki/engine/javascript'

const theme = createCssVariablesTheme({ name: 'latchkey', variablePrefix: '--' })

const languages = [
  ...['bash', 'css', 'diff', 'docker', 'dotenv', 'fish', 'go', 'hcl', 'html', 'http', 'ini'],
  ...['java', 'javascript', 'json', 'jsonc', 'jsx', 'make', 'nginx', 'properties', 'python', 'rust'],
  ...['shellsession', 'sql', 'svelte', 'toml', 'tsx', 'typescript', 'vue', 'xml', 'yaml'],
]
const highlighter = await createHighlighter({
  themes: [theme],
  langs: languages,
  engine: createJavaScriptRegexEngine({ forgiving: true }),
})

/** Writes code as HTML, each word that its language knows with a class; code of no known language as it is. */
export function colourCode(code: string, language: string): string {
  if (language === '' || language === 'text' || !highlighter.getLoadedLanguages().includes(language))
    return escapeHtml(code)
  // However long it takes: a limit of time would colour less on a busy machine, and the pages would differ.
  const options = { lang: language as 'sh', theme, tokenizeTimeLimit: 0 }
  const lines = highlighter.codeToTokensBase(code, options)
  return lines.map((tokens) => tokens.map(({ content, color }) => span(content, color)).join('')).join('\n')
}

function span(content: string, colour: string | undefined): string {
  const [, kind] = /--token-([a-z-]+)/.exec(colour ?? '') ?? []
  const text = escapeHtml(content)
  return kind === undefined || content.trim() === '' ? text : `<span class="c-${kind}">${text}</span>`
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
