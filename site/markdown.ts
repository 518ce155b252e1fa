// Makes the HTML of a document from its Markdown, with what a list of its headings and the search need.
import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import MarkdownIt, { type Token } from 'markdown-it'
import { colourCode, escapeHtml } from './code.ts'
import { drawDiagram, type Pair, splitSchemes } from './diagrams.ts'
import { type Document, repository, slugOf } from './documents.ts'
import { type Links, relative } from './links.ts'

export interface Heading {
  level: number
  slug: string
  text: string
}

/** What the search finds: a heading and the text below it. */
export interface Section {
  /** The address on the site, with the heading. */
  at: string
  page: string
  heading: string
  text: string
}

export interface Rendered {
  html: string
  headings: Heading[]
  sections: Section[]
}

const markdown = new MarkdownIt({ html: true })

/** Renders documents; collects the pictures in two schemes that they show. */
export class Renderer {
  readonly #links: Links
  /** The pictures that were made, by their address on the site. */
  readonly made = new Map<string, string>()

  constructor(links: Links) {
    this.#links = links
  }

  render(document: Document): Rendered {
    const tokens = markdown.parse(document.text, {})
    const headings = this.#nameHeadings(tokens)
    const sections = sectionsOf(document, tokens)
    const html = this.#html(document, tokens)
    return { html, headings, sections }
  }

  #nameHeadings(tokens: Token[]): Heading[] {
    const taken = new Map<string, number>()
    return tokens.flatMap((token, at) => {
      if (token.type !== 'heading_open') return []
      const text = plainText(tokens[at + 1] as Token)
      const slug = slugOf(text, taken)
      token.attrSet('id', slug)
      return { level: Number(token.tag.slice(1)), slug, text }
    })
  }

  #html(document: Document, tokens: Token[]): string {
    let html = ''
    for (const [at, token] of tokens.entries()) {
      // A heading of a column that says nothing is none.
      const isEmptyHeading = token.type === 'th_open' && tokens[at + 1]?.content === ''
      if (isEmptyHeading) for (const cell of [token, tokens[at + 2] as Token]) cell.tag = 'td'
      if (token.type === 'fence') html += this.#fence(document, token)
      else if (token.type === 'html_block') html += this.#raw(document, token.content)
      else if (token.type === 'inline') html += this.#inline(document, token)
      else if (token.type === 'table_open') html += '<div class="table" tabindex="0"><table>\n'
      else if (token.type === 'table_close') html += '</table></div>\n'
      else if (token.type === 'heading_close') html += `${anchor(tokens[at - 2])}</${token.tag}>\n`
      else {
        // The alignment of a column: as a class, for the Content-Security-Policy.
        const alignment = /text-align:(\w+)/.exec(String(token.attrGet('style') ?? ''))?.[1]
        if (alignment !== undefined) token.attrs = [['class', alignment]]
        html += markdown.renderer.render([token], markdown.options, {})
      }
    }
    return html
  }

  #inline(document: Document, token: Token): string {
    const children = token.children ?? []
    for (const child of children) {
      const href = child.type === 'link_open' ? child.attrGet('href') : null
      if (href !== null) child.attrSet('href', this.#links.link(document, String(href)))
      if (child.type === 'html_inline') child.content = this.#raw(document, child.content)
      if (child.type !== 'image') continue
      const picture = { src: String(child.attrGet('src')), alt: child.content }
      Object.assign(child, { type: 'html_inline', content: this.#picture(document, picture), children: null })
    }
    return markdown.renderer.renderInline(children, markdown.options, {})
  }

  /** HTML in a document: its addresses are the repository's, too. */
  #raw(document: Document, html: string): string {
    return html.replace(/\b(src|srcset|href)="([^"]+)"/g, (_, name: string, target: string) => {
      const address =
        name === 'href' ? this.#links.link(document, target) : this.#links.picture(document, target)
      return `${name === 'src' ? 'loading="lazy" ' : ''}${name}="${address}"`
    })
  }

  #picture(document: Document, { src, alt }: { src: string; alt: string }): string {
    const path = posix.join(posix.dirname(document.path), src)
    const pair = path.endsWith('.svg')
      ? splitSchemes(readFileSync(join(repository, path), 'utf8'))
      : undefined
    if (pair !== undefined) return this.#pair(document, posix.basename(path, '.svg'), pair, alt)
    return `<img src="${this.#links.picture(document, src)}" alt="${escapeHtml(alt)}" loading="lazy">`
  }

  #pair(document: Document, name: string, pair: Pair, alt: string): string {
    const images = (['light', 'dark'] as const).map((scheme) => {
      const address = `images/made/${name}-${scheme}.svg`
      this.made.set(address, pair[scheme])
      const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(pair[scheme]) ?? []
      const size = width && height ? ` width="${Math.round(+width)}" height="${Math.round(+height)}"` : ''
      return `<img class="only-${scheme}" src="${relative(document.address, address)}" alt="${escapeHtml(alt)}"${size} loading="lazy">`
    })
    return images.join('')
  }

  #fence(document: Document, { content, info }: Token): string {
    const [language = ''] = info.trim().split(/\s+/)
    if (language === 'mermaid') {
      const { name, pair } = drawDiagram(content)
      const images = this.#pair(document, name, pair, 'The diagram that the text below describes')
      return `<figure>${images}<figcaption><details><summary>The diagram as text</summary><pre tabindex="0"><code>${escapeHtml(content)}</code></pre></details></figcaption></figure>\n`
    }
    return `<pre tabindex="0" data-language="${escapeHtml(language)}"><code>${colourCode(content.trimEnd(), language)}</code></pre>\n`
  }
}

function anchor(heading: Token | undefined): string {
  const slug = heading?.attrGet('id')
  return slug && heading?.tag !== 'h1'
    ? ` <a class="anchor" href="#${slug}" aria-label="Link to this heading">#</a>`
    : ''
}

function plainText(token: Token): string {
  const children = token.children ?? []
  return children
    .map((child) => {
      if (child.type === 'softbreak' || child.type === 'hardbreak') return ' '
      return child.type === 'text' || child.type === 'code_inline' ? child.content : ''
    })
    .join('')
}

function sectionsOf(document: Document, tokens: Token[]): Section[] {
  const sections: Section[] = []
  let section: Section | undefined
  for (const [at, token] of tokens.entries()) {
    if (token.type === 'heading_open') {
      const heading = plainText(tokens[at + 1] as Token)
      const isTop = token.tag === 'h1'
      const address = isTop ? document.address : `${document.address}#${token.attrGet('id')}`
      section = { at: address, page: document.title, heading: isTop ? document.title : heading, text: '' }
      sections.push(section)
    } else if (section !== undefined && tokens[at - 1]?.type !== 'heading_open') {
      const text =
        token.type === 'inline' ? plainText(token) : token.type === 'fence' ? token.content.trim() : ''
      if (text !== '') section.text += `${section.text === '' ? '' : ' '}${text}`
    }
  }
  return sections
}
