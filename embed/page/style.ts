// How the page behind a link looks, around the element.

export const pageStyle = `
:root {
  color-scheme: light dark;
  --page: light-dark(#f7f7f5, #131416);
  --surface: light-dark(#ffffff, #1b1d20);
  --text: light-dark(#1b1c1e, #eceef0);
  --muted: light-dark(#5b5e65, #a6abb3);
  --line: light-dark(#e3e3de, #2f3237);
  --edge: light-dark(#85857f, #7a808a);
  --link: light-dark(#1d4fb8, #8fb6ff);
  background: var(--page);
  --latchkey-background: transparent;
  --latchkey-padding: 0;
  color: var(--text);
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-size: 87.5%;
  line-height: 1.45;
}
:root[data-scheme="light"] { color-scheme: light; }
:root[data-scheme="dark"] { color-scheme: dark; }
*, ::before, ::after { box-sizing: border-box; }
body { margin: 0; }
main { max-inline-size: 60rem; margin-inline: auto; padding: 1.5rem 1rem 2.5rem; display: grid; gap: 1.5rem; }
header { display: grid; gap: .15rem; }
nav { margin-block-end: .9rem; }
h1 { margin: 0; font-size: 1.7em; line-height: 1.2; font-weight: 680; overflow-wrap: anywhere; }
h2 { margin: 0; font-size: 1.2em; }
p { margin: 0; }
h1, h2, p, button { unicode-bidi: plaintext; }
h1, h2, p { text-align: -webkit-match-parent; text-align: match-parent; }
.quiet { color: var(--muted); }
.foreign { overflow-wrap: anywhere; }
a { color: var(--link); overflow-wrap: anywhere; }
.arrow::before { content: "\\2190\\00a0"; }
.arrow:dir(rtl)::before { content: "\\2192\\00a0"; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px; }
h1:focus, h2:focus { outline: none; }
.refused {
  background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: 2.2rem 1.5rem; display: grid; gap: .8rem;
  justify-items: start;
}
main > .refused { margin-block-start: min(14vh, 8rem); max-inline-size: 34rem; inline-size: 100%; justify-self: center; }
button {
  font: inherit; font-weight: 550; color: var(--text); background: var(--surface); border: 1px solid var(--edge); border-radius: 6px;
  min-block-size: 2.6em; padding: .4em 1em; cursor: pointer;
}
footer { border-block-start: 1px solid var(--line); padding-block-start: .9rem; font-size: .93em; }
`
