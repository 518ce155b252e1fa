// How the element looks. Pages change it by the custom properties at the top, and by nothing else.

export const style = `
/* What a page's own sheets say of the element gives way where it would be lost: an important rule in here is the stronger one. */
:host(latchkey-keys) {
  display: block !important;
  visibility: visible !important;
  opacity: 1 !important;
  filter: none !important;
  clip-path: none !important;
  mask: none !important;
  transform: none !important;
  scale: none !important;
  rotate: none !important;
  translate: none !important;
  zoom: 1 !important;
  content-visibility: visible !important;
  pointer-events: auto !important;
  font-size: medium !important;
  container-type: inline-size;
}
:host(latchkey-keys[hidden]) { display: none !important; }

.app {
  all: initial;
  --surface: var(--latchkey-surface, light-dark(#ffffff, #1b1d20));
  --sunken: var(--latchkey-sunken, light-dark(#f5f5f2, #131416));
  --text: var(--latchkey-text, light-dark(#1b1c1e, #eceef0));
  --muted: var(--latchkey-muted, light-dark(#5b5e65, #a6abb3));
  --line: var(--latchkey-line, light-dark(#e3e3de, #2f3237));
  --edge: var(--latchkey-edge, light-dark(#85857f, #7a808a));
  --accent: var(--latchkey-accent, light-dark(#1f2125, #f0f1f3));
  --on-accent: var(--latchkey-on-accent, light-dark(#ffffff, #16181a));
  --focus: var(--latchkey-focus, light-dark(#1d4fb8, #8fb6ff));
  --danger: var(--latchkey-danger, light-dark(#b3261e, #ff9a91));
  --danger-soft: var(--latchkey-danger-soft, light-dark(#fdecea, #3b1f1c));
  --on-danger: var(--latchkey-on-danger, light-dark(#ffffff, #2a0f0d));
  --good: var(--latchkey-good, light-dark(#176539, #7fd6a0));
  --good-soft: var(--latchkey-good-soft, light-dark(#e4f4ea, #163024));
  --warn: var(--latchkey-warn, light-dark(#7d4a00, #f4bf6a));
  --warn-soft: var(--latchkey-warn-soft, light-dark(#fdf0d9, #352812));
  --valid: var(--latchkey-valid, light-dark(#3d6bc9, #7ba6f5));
  --refused: var(--latchkey-refused, light-dark(#c4453c, #ff8f85));
  --radius: var(--latchkey-radius, 8px);
  --mono: var(--latchkey-font-mono, ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace);
  display: block;
  padding: var(--latchkey-padding, 1em);
  /* Its own: the page's may be as light as the words are in the dark. */
  background: var(--latchkey-background, light-dark(#ffffff, #131416));
  border-radius: var(--radius);
  color-scheme: light dark;
  color: var(--text);
  font-family: var(--latchkey-font, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif);
  font-size: var(--latchkey-font-size, 87.5%);
  line-height: 1.45;
  text-align: start;
  -webkit-text-size-adjust: 100%;
}
.app[data-scheme="light"] { color-scheme: light; }
.app[data-scheme="dark"] { color-scheme: dark; }

*, ::before, ::after { box-sizing: border-box; }
[hidden] { display: none !important; }
h2, h3, p, ul, dl, dd, fieldset, legend { margin: 0; padding: 0; border: 0; min-inline-size: 0; }
/* Sentences run as their own language does, also where the page runs the other way. */
p, h2, h3, legend, label, dt, dd, button { unicode-bidi: plaintext; }
p, h2, h3, legend, label, summary { text-align: -webkit-match-parent; text-align: match-parent; }
ul { list-style: none; }
h2 { font-size: 1.3em; line-height: 1.25; font-weight: 650; }
h3 { font-size: 1em; font-weight: 600; overflow-wrap: anywhere; }
h2:focus, h3:focus { outline: none; }
h3:focus-visible { outline: 2px solid var(--focus); outline-offset: 3px; border-radius: 2px; }
.muted, .hint, .about { color: var(--muted); }
.foreign { overflow-wrap: anywhere; unicode-bidi: isolate; text-align: -webkit-match-parent; text-align: match-parent; }
code, .code { font-family: var(--mono); font-size: .93em; overflow-wrap: anywhere; }
.sr {
  position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}

.head, .tools, .row-head, .usage-head, .actions { display: flex; flex-wrap: wrap; align-items: center; gap: .5em .75em; }
.head { justify-content: space-between; min-block-size: 2.6em; }
.tools .input { inline-size: auto; }
.outcome { color: var(--good); font-weight: 550; }
.outcome:not(:empty) { margin-block-start: .5em; }
.cards > *, .content > * { margin-block-start: 1em; }
.keys { position: relative; }

.card, .rows, .empty, .failure {
  background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius);
}
.card { padding: 1em; }
.empty, .failure { padding: 2.2em 1em; text-align: center; }
.failure p { margin-block-end: .9em; }

.row { display: grid; gap: .55em; padding: .95em 1em; grid-template-columns: minmax(0, 1fr); }
.row + .row { border-block-start: 1px solid var(--line); }
.row.revoked h3, .row.expired h3 { color: var(--muted); }
.row-about { display: grid; gap: .2em; }
.row-about code { color: var(--muted); justify-self: start; }
.status { padding: .1em .6em; border-radius: 99px; font-size: .86em; font-weight: 550; background: var(--sunken); color: var(--muted); }
.status.active { background: var(--good-soft); color: var(--good); }
.status.pending, .status.suspended { background: var(--warn-soft); color: var(--warn); }
.status.revoked { background: var(--danger-soft); color: var(--danger); }
.chips { display: flex; flex-wrap: wrap; gap: .35em; }
.chip { font-family: var(--mono); font-size: .86em; padding: .1em .5em; border: 1px solid var(--line); border-radius: 5px; background: var(--sunken); }
.facts { display: flex; flex-wrap: wrap; gap: .25em 1.6em; font-size: .93em; }
.facts div { display: flex; flex-wrap: wrap; gap: 0 .4em; }
dt { color: var(--muted); }
.row-actions { display: flex; flex-wrap: wrap; gap: .5em; }
.more { display: block; margin: .9em auto 0; }

.button {
  font: inherit; font-weight: 550; color: var(--text); background: var(--surface); cursor: pointer;
  min-block-size: 2.6em; padding: .4em 1em; border: 1px solid var(--edge); border-radius: calc(var(--radius) * .75);
}
.button.small { min-block-size: 2.2em; padding: .2em .8em; font-size: .93em; }
.button.primary { color: var(--on-accent); background: var(--accent); border-color: var(--accent); }
.button.danger { color: var(--on-danger); background: var(--danger); border-color: var(--danger); }
.button.revoke { color: var(--danger); }
.button:hover { background: var(--sunken); }
.button.primary:hover, .button.danger:hover { opacity: .88; background: var(--accent); }
.button.danger:hover { background: var(--danger); }
.button[aria-disabled="true"] { cursor: progress; opacity: .65; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }

.input {
  font: inherit; color: var(--text); background: var(--surface); inline-size: 100%; min-block-size: 2.6em; padding: .45em .7em;
  border: 1px solid var(--edge); border-radius: calc(var(--radius) * .75);
}
textarea.input { resize: vertical; }
.input.code { font-family: var(--mono); }
.input[aria-invalid="true"] { border-color: var(--danger); }
.field { display: grid; gap: .3em; }
.field .field { margin-block-start: .6em; }
.label { display: block; font-weight: 600; }
/* No gap of a grid follows a legend. */
legend:has(+ .segments) { margin-block-end: .5em; }
.label .muted { font-weight: 400; }
.hint { font-size: .93em; }
.fault { color: var(--danger); font-size: .93em; }
q { quotes: "“" "”"; }
.choices {
  display: grid; gap: 1px; max-block-size: 15em; overflow-y: auto; border: 1px solid var(--edge); border-radius: calc(var(--radius) * .75);
  padding-block: .25em;
}
.choice { display: flex; gap: .6em; align-items: flex-start; padding: .35em .7em; cursor: pointer; }
.choice input { inline-size: 1.15em; block-size: 1.15em; margin: .15em 0 0; flex: none; accent-color: var(--focus); }
.about { display: block; font-size: .93em; }
.segments { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5em, 1fr)); gap: .4em; }
.segments .choice { border: 1px solid var(--edge); border-radius: calc(var(--radius) * .75); padding: .55em .5em; gap: .4em; }
.segments .choice:has(:checked) { border-color: var(--focus); box-shadow: inset 0 0 0 1px var(--focus); }
.effect { padding: .6em .8em; border-radius: calc(var(--radius) * .75); background: var(--sunken); margin-block-start: .4em; }
.effect.warn { background: var(--warn-soft); color: var(--warn); }
.quoted { padding: .4em .7em; background: var(--sunken); border-radius: calc(var(--radius) * .75); font-weight: 600; }
.alert { padding: .6em .8em; border-radius: calc(var(--radius) * .75); background: var(--danger-soft); color: var(--danger); }

dialog {
  font: inherit; color: var(--text); background: var(--surface); border: 1px solid var(--line); border-radius: calc(var(--radius) * 1.5);
  padding: 0; inline-size: min(38em, calc(100vw - 20px)); max-block-size: calc(100dvh - 20px); overflow-y: auto;
  box-shadow: 0 1px 2px rgb(0 0 0 / .08), 0 12px 40px rgb(0 0 0 / .22);
}
dialog::backdrop { background: rgb(10 10 14 / .45); }
form { display: grid; gap: 1.05em; padding: 1.25em; }
form > h3 { font-size: 1.18em; }
form .actions { justify-content: flex-end; }

.new-token { border-color: var(--focus); box-shadow: inset 0 0 0 1px var(--focus); display: grid; gap: .5em; }
.box { padding: .7em .8em; margin-block-end: .7em; background: var(--sunken); border-radius: calc(var(--radius) * .75); }
.token { font-size: 1em; }
.told { color: var(--good); font-weight: 550; }
.told:not(:empty) { margin-block-start: .6em; }

.usage { display: grid; gap: .6em; grid-template-columns: minmax(0, 1fr); }
.usage-head { justify-content: space-between; }
svg { display: block; inline-size: 100%; block-size: 4.5em; }
svg:dir(rtl) { transform: scaleX(-1); }
rect.valid { fill: var(--valid); }
rect.refused { fill: var(--refused); }
rect.none { fill: var(--line); }
.axis, .legend { display: flex; justify-content: space-between; gap: .25em 1em; color: var(--muted); font-size: .86em; }
.legend { justify-content: center; }
.key::before { content: ""; display: inline-block; inline-size: .7em; block-size: .7em; border-radius: 2px; margin-inline-end: .4em; background: var(--valid); }
.key.refused::before { background: var(--refused); }
summary { cursor: pointer; color: var(--muted); font-size: .93em; inline-size: fit-content; }
table { border-collapse: collapse; inline-size: 100%; margin-block-start: .5em; font-size: .93em; font-variant-numeric: tabular-nums; }
th, td { text-align: end; padding: .25em .15em; border-block-end: 1px solid var(--line); font-weight: 400; }
th:first-child { text-align: start; white-space: nowrap; }
thead th { font-weight: 600; }

@container (min-width: 620px) {
  .row { grid-template-columns: minmax(0, 1fr) auto; }
  .row > * { grid-column: 1; }
  .row-actions { grid-column: 2; grid-row: 1 / span 2; align-items: flex-start; }
}
@container (max-width: 380px) {
  form .actions .button { flex: 1 1 auto; }
}
@media (forced-colors: active) {
  .status, .chip, .effect, .alert, .box, .quoted { border: 1px solid CanvasText; }
  .button.primary, .button.danger { forced-color-adjust: auto; border-width: 2px; }
  rect, .key::before { forced-color-adjust: none; }
  rect.valid { fill: CanvasText; }
  .key::before { background: CanvasText; }
  rect.refused { fill: Highlight; }
  .key.refused::before { background: Highlight; }
  .segments .choice:has(:checked) { border-color: Highlight; outline: 1px solid Highlight; }
}
@media (prefers-reduced-motion: no-preference) {
  .button { transition: background-color .12s, opacity .12s; }
}
`
