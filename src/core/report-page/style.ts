/** Colours have a contrast of at least 4.5 to 1 on their ground, in both schemes. Colour alone carries no information. */
export const STYLE = `
:root { color-scheme: light dark; --ground: #fff; --panel: #f6f8fa; --text: #1f2328; --soft: #57606a; --line: #d0d7de;
  --good: #116329; --bad: #a40e26; --warn: #7d4e00; --link: #0550ae; --bar: #8c959f; --good-ground: #dafbe1;
  --bad-ground: #ffebe9; --warn-ground: #fff8c5; }
@media (prefers-color-scheme: dark) { :root { --ground: #0d1117; --panel: #161b22; --text: #e6edf3; --soft: #9ea7b3;
  --line: #30363d; --good: #56d364; --bad: #ff7b72; --warn: #e3b341; --link: #79c0ff; --bar: #6e7681;
  --good-ground: #10261a; --bad-ground: #2d1417; --warn-ground: #2b2110; } .diagram svg { filter: invert(1) hue-rotate(180deg); } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
main, header, footer { max-width: 70rem; margin: 0 auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0.25rem 0; }
h2 { font-size: 1.2rem; margin: 2rem 0 0.5rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 0; display: inline; font-family: ui-monospace, monospace; }
a { color: var(--link); }
a:focus-visible, button:focus-visible, summary:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
code, pre { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 0.875rem; }
.verdict { border-left: 0.5rem solid var(--bar); padding: 1rem; margin: 1rem 0; background: var(--panel); }
.verdict.succeeded { border-color: var(--good); background: var(--good-ground); }
.verdict.failed { border-color: var(--bad); background: var(--bad-ground); }
.verdict.blocked { border-color: var(--warn); background: var(--warn-ground); }
.verdict p { margin: 0.5rem 0 0; }
.word { font-weight: 700; }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); } .soft { color: var(--soft); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1rem; margin: 0.5rem 0; }
dt { color: var(--soft); } dd { margin: 0; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin: 0 0 0.5rem; } }
.wide { overflow-x: auto; margin: 0.5rem 0; overflow-wrap: normal; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
caption { text-align: left; color: var(--soft); padding: 0.25rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid var(--line); font-weight: normal; }
thead th { font-weight: 600; }
.bar { display: block; height: 0.6rem; min-width: 2px; background: var(--bar); border-radius: 2px; }
.bar.failed { background: var(--bad); } .bar.blocked { background: var(--warn); } .bar.done { background: var(--good); }
.wide td, .wide tbody th { overflow-wrap: anywhere; min-width: 10ch; } .wide tbody th { min-width: 15ch; }
td:nth-child(3) { white-space: nowrap; } td:has(> .bar) { width: 20%; min-width: 6rem; }
details { border: 1px solid var(--line); border-radius: 6px; margin: 0.5rem 0; padding: 0 0.75rem; }
summary { padding: 0.5rem 0; cursor: pointer; }
pre.sql { background: var(--panel); padding: 0.5rem 0; margin: 0.5rem 0; overflow-x: auto; }
pre.sql .row { display: block; padding: 0 0.75rem; white-space: pre; }
pre.sql .row::before { content: attr(data-line); display: inline-block; width: 3.5em; padding-right: 1em; text-align: right; color: var(--soft); }
pre.sql .row.marked { background: var(--warn-ground); } pre.sql .row.note { white-space: pre-wrap; padding-left: 5.25em; text-indent: -4.5em; }
.finding { border-left: 0.25rem solid var(--bar); background: var(--panel); margin: 0.5rem 0; padding: 0.5rem 0.75rem; }
.finding.error { border-color: var(--bad); } .finding.warning { border-color: var(--warn); }
.finding p { margin: 0; white-space: pre-wrap; }
.diagram { overflow: auto; max-height: 40rem; border: 1px solid var(--line); background: var(--ground); }
.diagram svg { display: block; transform-origin: 0 0; }
button { font: inherit; color: var(--text); background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 0.25rem 0.75rem; min-height: 2rem; }
footer { color: var(--soft); margin: 2rem auto; font-size: 0.875rem; }
@media screen and (max-width: 40rem) { table, caption, tbody, tr, th, td { display: block; } thead { position: absolute; left: -100rem; }
  tr { padding: 0.5rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; } tbody th, td, td:nth-child(3) { border: 0; padding: 0; white-space: normal; } tbody th { font-weight: 600; }
  td::before { content: attr(data-label) ": "; color: var(--soft); } td:has(> .bar), td:empty { display: none; } }
@media print { button, .skip, #zoom-now { display: none; } .diagram, .wide, pre.sql { overflow: visible; max-height: none; } pre.sql .row { white-space: pre-wrap; } .diagram svg { max-width: 100%; height: auto; } details { break-inside: avoid-page; } }
.skip { position: absolute; left: -100rem; } .skip:focus { left: 1rem; top: 1rem; background: var(--ground); padding: 0.5rem; }
`;
