/** The style of the dashboard, in addition to that of the page of a run, with the same colours. */
export const STYLE = `
[hidden] { display: none !important; }
main, header, footer { max-width: 90rem; }
#connection { margin: 0.25rem 0; } #connection.bad { font-weight: 600; }
#problems { margin: 0.5rem 0; padding: 0.5rem 0.75rem 0.5rem 2rem; border-left: 0.5rem solid var(--warn); background: var(--warn-ground); }
#waiting { border-left: 0.5rem solid var(--warn); background: var(--warn-ground); padding: 0.25rem 1rem 0.75rem; margin: 1rem 0; }
#waiting h2 { margin: 0.5rem 0 0; border: 0; } #waiting ul { margin: 0.25rem 0; padding-left: 1.25rem; } #waiting li:has(button) { list-style: none; margin: 0.5rem 0 0 -1.25rem; }
#views { display: flex; flex-wrap: wrap; gap: 0.25rem; list-style: none; margin: 1rem 0 0.75rem; padding: 0; border-bottom: 1px solid var(--line); }
#views a { display: block; padding: 0.5rem 0.75rem; color: var(--text); text-decoration: none; border-bottom: 3px solid transparent; }
#views a:hover { text-decoration: underline; } #views a[aria-current] { border-color: var(--link); font-weight: 600; }
.number { color: var(--soft); font-weight: 400; font-variant-numeric: tabular-nums; }
#tools { display: flex; flex-wrap: wrap; gap: 0.5rem 0.75rem; align-items: center; }
input, select { font: inherit; color: var(--text); background: var(--ground); border: 1px solid var(--bar); border-radius: 6px; padding: 0.25rem 0.5rem; min-height: 2rem; }
#search { flex: 1 1 16rem; max-width: 28rem; }
#states { display: flex; flex-wrap: wrap; gap: 0.25rem; }
button { cursor: pointer; } button[aria-pressed="true"] { background: var(--text); color: var(--ground); border-color: var(--text); }
button.strong { background: var(--good); color: var(--ground); border-color: var(--good); font-weight: 600; }
#shown { color: var(--soft); margin: 0.5rem 0 0; font-size: 0.9rem; }
#table td, #table th { padding: 0.35rem 0.75rem 0.35rem 0; } #table td:nth-child(3) { white-space: normal; }
#table td:nth-child(2) { white-space: nowrap; } #table tbody th .soft { display: block; font-size: 0.85em; }
#table td { overflow-wrap: anywhere; } #table tbody th { min-width: 9rem; overflow-wrap: break-word; }
input:focus-visible, select:focus-visible, dialog:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; } dialog h2:focus-visible, main:focus-visible { outline: none; } #table time { white-space: nowrap; }
#table thead { position: sticky; top: 0; background: var(--ground); }
#table thead button { border: 0; background: none; padding: 0; font-weight: 600; text-align: left; min-height: 1.5rem; }
#table thead button:hover { text-decoration: underline; }
#table tbody tr:hover { background: var(--panel); }
#table caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.state { font-weight: 600; white-space: nowrap; } .reason { font-weight: 600; }
.state.good { color: var(--good); } .state.failed { color: var(--bad); } .state.waits, .state.blocked { color: var(--warn); }
.state.running { color: var(--link); } .state.suspended, .state.new { color: var(--soft); }
.old #table { outline: 2px dashed var(--warn); outline-offset: 4px; }
.narrow { display: none; }
dialog { color: var(--text); background: var(--ground); border: 1px solid var(--line); border-radius: 8px; width: min(60rem, 100vw - 2rem); max-height: calc(100vh - 2rem); padding: 0 1.25rem 1.25rem; overflow: auto; }
dialog::backdrop { background: rgb(0 0 0 / 55%); }
dialog h2 { margin: 0 0 0.5rem; border: 0; } dialog h3 { margin: 1.25rem 0 0.25rem; font: 600 1rem/1.5 system-ui, sans-serif; }
dialog .close { position: sticky; top: 0; z-index: 1; text-align: right; margin: 0 -1.25rem; padding: 0.5rem 1.25rem; background: var(--ground); }
#detail-body > p:first-child { margin-top: 0; } #approve-sure button { margin: 0.25rem 0.25rem 0 0; } #table thead th { white-space: nowrap; }
.approval { border: 1px solid var(--warn); border-radius: 6px; padding: 0.75rem 1rem; margin: 1rem 0; } .approval > h3:first-child { margin-top: 0; }
#approve-sure { border-left: 0.5rem solid var(--warn); padding: 0.5rem 0.75rem; background: var(--warn-ground); margin-top: 0.5rem; }
#detail-news { margin: 0.5rem 0 0; font-weight: 600; }
@media (max-width: 48rem) {
  .narrow { display: initial; }
  #table tbody th { min-width: 0; }
  #table, #table tbody, #table tr, #table td, #table tbody th { display: block; width: 100%; }
  #table thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  #table tbody tr { border: 1px solid var(--line); border-radius: 6px; margin: 0.5rem 0; padding: 0.5rem 0.75rem; }
  #table tbody td, #table tbody th { border: 0; padding: 0.1rem 0; } #table tbody th { font-size: 1.05rem; }
  #table tbody td:empty { display: none; }
  #table tbody td::before { content: attr(data-label) ": "; color: var(--soft); }
  #table tbody td:nth-child(2)::before { content: ""; }
  dialog { width: 100vw; max-width: 100vw; max-height: 100vh; height: 100vh; margin: 0; border: 0; border-radius: 0; }
}
@media print { #tools, #views, .close { display: none; } }
`;
