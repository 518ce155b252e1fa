// The style sheet of the reference page.

export const docsStyle = `
:root { color-scheme: light dark; --text: light-dark(#1c2530, #dde3ea); --faint: light-dark(#5b6876, #93a1b0);
  --ground: light-dark(#fff, #12171d); --raised: light-dark(#f5f7f9, #1a2129); --line: light-dark(#e1e6eb, #2b343e);
  --accent: light-dark(#0b5cad, #79b8ff); --good: light-dark(#1a7340, #63d297); --bad: light-dark(#a1360b, #ff9b70) }
* { box-sizing: border-box }
body { margin: 0; display: grid; grid-template-columns: 19rem minmax(0, 1fr); color: var(--text);
  background: var(--ground); font: 1rem/1.55 system-ui, sans-serif }
a { color: var(--accent); text-decoration: none }
a:hover { text-decoration: underline }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
code, pre { font: .875em/1.5 ui-monospace, 'Cascadia Code', Menlo, Consolas, monospace }
p code, dd code { background: var(--raised); border-radius: 4px; padding: .1em .35em; overflow-wrap: anywhere }
small { font-size: .8125rem; color: var(--faint) }
nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.5rem 1.25rem 3rem;
  border-right: 1px solid var(--line); background: var(--raised); font-size: .875rem }
nav .title { font-size: 1.125rem; font-weight: 650; color: var(--text) }
nav h2 { margin: 1.5rem 0 .375rem; font-size: .75rem; letter-spacing: .04em; color: var(--faint) }
nav ul { list-style: none; margin: 0; padding: 0 }
nav li { display: flex; justify-content: space-between; align-items: baseline; gap: .75rem; padding: .1875rem 0 }
nav li a { color: var(--text) }
nav .method { font-size: .625rem }
main { padding: 2.5rem clamp(1rem, 5vw, 4rem) 8rem; max-width: 62rem }
h1 { margin: 0 0 .25rem; font-size: 2rem; line-height: 1.2 }
.lead { color: var(--faint); font-size: 1.125rem; margin-top: 0 }
main > h2 { margin: 3.5rem 0 0; font-size: 1.5rem }
main > h2 + p { margin-top: .125rem; color: var(--faint) }
section { border-top: 1px solid var(--line); margin-top: 2rem; padding-top: 1.5rem; scroll-margin-top: 0 }
h3 { margin: 0 0 .25rem; font-size: 1.1875rem }
h4 { margin: 1.25rem 0 .375rem; font-size: .875rem; color: var(--faint) }
.address { margin: 0 0 .75rem }
.address code { background: none; padding: 0; font-size: .9375rem }
.method { font: 700 .75rem/1 ui-monospace, Menlo, Consolas, monospace; color: var(--accent) }
.method.post { color: var(--good) }
.method.delete { color: var(--bad) }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) minmax(0, 1fr); gap: .375rem 1.25rem; margin: 0 }
dt { overflow-wrap: anywhere }
dd { margin: 0 }
dd small + * { margin-left: .25rem }
.s2 { color: var(--good); font-weight: 650 }
.s4, .s5 { color: var(--bad); font-weight: 650 }
pre { background: var(--raised); border: 1px solid var(--line); border-radius: 8px; padding: .875rem 1rem; overflow-x: auto }
@media (max-width: 50rem) {
  body { display: block }
  nav { position: static; height: auto; border-right: 0; border-bottom: 1px solid var(--line) }
  dl { grid-template-columns: 1fr; gap: 0 }
  dd { margin-bottom: .5rem }
}
@media print { nav { display: none } body { display: block } }
`
