// The style sheet of the reference page: the console's colours.

export const docsStyle = `
:root { color-scheme: light dark; --page: light-dark(#f7f7f5, #131416); --surface: light-dark(#fff, #1b1d20);
  --sunken: light-dark(#f0f0ed, #16181a); --chip: light-dark(#ecece8, #24272b); --line: light-dark(#e3e3de, #2f3237);
  --edge: light-dark(#85857f, #7a808a); --ink: light-dark(#1b1c1e, #eceef0); --muted: light-dark(#5b5e65, #a6abb3);
  --link: light-dark(#1d4fb8, #8fb6ff); --good: light-dark(#176539, #7fd6a0); --bad: light-dark(#b3261e, #ff9a91);
  --warn: light-dark(#7d4a00, #f4bf6a); --brass: light-dark(#a8741a, #e0b25a); --bar: 3.25rem;
  --mono: ui-monospace, 'SF Mono', 'JetBrains Mono', Menlo, Consolas, 'Liberation Mono', monospace;
  scroll-padding-top: calc(var(--bar) + 1rem); overflow-y: scroll }
:root[data-theme=light] { color-scheme: light }
:root[data-theme=dark] { color-scheme: dark }
* { box-sizing: border-box }
[hidden] { display: none !important }
body { margin: 0; display: grid; grid-template: "bar bar" var(--bar) "calls main" auto / 18rem minmax(0, 1fr);
  color: var(--ink); background: var(--page);
  font: .9375rem/1.55 Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif }
a { color: var(--link); text-decoration: none }
a:hover, main a { text-decoration: underline; text-underline-offset: .2em }
h3 a:not(:hover) { text-decoration: none }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px }
code, pre { font: .8125rem/1.55 var(--mono) }
pre code { background: none }
:is(p, dd, li) > code { background: var(--chip); border-radius: 4px; padding: .1em .35em; overflow-wrap: anywhere }
small { font-size: .8125rem; font-weight: 400; color: var(--muted) }
button, input { font: inherit; color: inherit }
button { cursor: pointer }
header { grid-area: bar; position: sticky; top: 0; z-index: 2; display: flex; align-items: center; gap: 1.25rem;
  padding: 0 1.25rem; background: var(--surface); border-bottom: 1px solid var(--line); font-size: .875rem }
header span { margin-right: auto; color: var(--muted) }
header .title { display: flex; align-items: center; gap: .5rem; font-size: 1.0625rem; font-weight: 700; color: var(--ink) }
.menu { display: none; height: 2.25rem; padding: 0 .75rem; border: 1px solid var(--edge); border-radius: 6px; background: var(--surface) }
nav { grid-area: calls; display: block; position: sticky; inset: var(--bar) auto auto; width: auto;
  height: calc(100dvh - var(--bar)); margin: 0; padding: 0 .75rem 3rem; overflow-y: auto; border: 0;
  border-right: 1px solid var(--line); background: var(--surface); color: inherit; font-size: .8125rem; line-height: 1.4 }
nav h2 { margin: 1.25rem 0 .25rem; padding: 0 .5rem; font-size: .8125rem }
nav ul { list-style: none; margin: 0; padding: 0 }
nav li { display: flex; justify-content: space-between; align-items: baseline; gap: .75rem; border-radius: 6px; padding: 0 .5rem }
nav li:hover { background: var(--sunken) }
nav li a { flex: 1; padding: .3125rem 0; color: var(--muted) }
nav li:hover a { color: var(--ink) }
nav .method { font-size: .625rem }
.search { position: sticky; top: 0; margin: 0; padding: .75rem .25rem .5rem; background: var(--surface) }
.search input { width: 100%; height: 2.25rem; padding: 0 .625rem; border: 1px solid var(--edge); border-radius: 6px; background: var(--surface) }
.search span { display: block; padding: .25rem .25rem 0; color: var(--muted) }
.search span:empty { display: none }
main { grid-area: main; min-width: 0; padding: 2rem clamp(1rem, 3vw, 3rem) 8rem }
h1 { margin: 0 0 .25rem; font-size: 2rem; line-height: 1.2; letter-spacing: -.02em }
.lead { color: var(--muted); margin-top: 0 }
main > p { max-width: 48rem }
main > h2 { margin: 4rem 0 .125rem; font-size: 1.5rem; letter-spacing: -.01em }
.call { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 32rem); gap: 2.5rem;
  border-top: 1px solid var(--line); margin-top: 2rem; padding-top: 1.5rem }
.call > .code { align-self: start; position: sticky; top: calc(var(--bar) + 1rem) }
h3 { margin: 0 0 .25rem; font-size: 1.1875rem; line-height: 1.3 }
h3 a { color: inherit }
h4 { margin: 1.25rem 0 .375rem; font-size: .8125rem; color: var(--muted) }
.code h4 { margin-top: 0 }
.address { margin: 0 0 .375rem }
.address code { background: none; padding: 0; font-size: .875rem }
.method { font: 700 .75rem/1 var(--mono); color: var(--link) }
.method.post { color: var(--good) }
.method.delete { color: var(--bad) }
.method.patch, .method.put { color: var(--warn) }
.needs { margin: 0 0 1rem; color: var(--muted); font-size: .875rem }
.needs::before { content: 'Needs: ' }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) minmax(0, 1fr); gap: .375rem 1.25rem; margin: 0 }
dt { overflow-wrap: anywhere }
dd { margin: 0 }
dd small + * { margin-left: .25rem }
dd ul, .problems ul { list-style: none; margin: 0; padding: 0 }
dl.setup { max-width: 52rem; gap: .5rem 1.25rem }
.s2 { color: var(--good); font-weight: 650 }
.s4, .s5 { color: var(--bad); font-weight: 650 }
pre { margin: 0; background: var(--surface); border: 1px solid var(--line); border-radius: 8px; padding: .75rem 1rem;
  overflow-x: auto; max-height: 26rem; tab-size: 2 }
.code > pre { margin-bottom: 0 }
.samples { margin: 0 0 1.25rem; padding: 0; border: 0; min-width: 0 }
.samples legend { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
.samples label { display: inline-block; margin-bottom: .5rem; cursor: pointer }
.samples input { position: absolute; opacity: 0 }
.samples label { padding: .1875rem .625rem; border-radius: 6px; color: var(--muted); font-size: .8125rem }
.samples label:has(:checked) { background: var(--ink); color: var(--page); font-weight: 600 }
.samples label:has(:focus-visible) { outline: 2px solid var(--link); outline-offset: 2px }
.samples pre, .samples pre + .copy { display: none }
.samples:has([value=curl]:checked) :is(.l-0, .l-0 + .copy), .samples:has([value=TypeScript]:checked) :is(.l-1, .l-1 + .copy),
.samples:has([value=Python]:checked) :is(.l-2, .l-2 + .copy), .samples:has([value=Go]:checked) :is(.l-3, .l-3 + .copy),
.samples:has([value=latchkey]:checked) :is(.l-4, .l-4 + .copy) { display: block }
.copy { display: block; margin: .25rem 0 0 auto; padding: 0 .5rem; border: 0; border-radius: 6px; background: none;
  color: var(--link); font-size: .8125rem }
.copy:hover { text-decoration: underline }
@media (max-width: 75rem) {
  .call { display: block }
  .call > .code { position: static; margin-top: 1.5rem }
}
@media (max-width: 54rem) {
  body { display: block }
  header { gap: .75rem; padding: 0 .75rem; height: var(--bar) }
  .menu { display: block }
  header span, header [href='openapi.json'] { display: none }
  header .title { margin-right: auto }
  nav:not(:popover-open) { display: none }
  nav { position: fixed; inset: var(--bar) auto 0 0; width: min(20rem, 100vw); box-shadow: 0 8px 24px rgb(0 0 0 / .25) }
  nav li a { padding: .5rem 0 }
  dl { grid-template-columns: minmax(0, 1fr); gap: 0 }
  dd { margin-bottom: .5rem }
  main { padding-top: 1.5rem }
}
@media print { header, nav, .copy { display: none } body { display: block } .call { display: block } pre { max-height: none } }
`
