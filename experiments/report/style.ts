/** The look of a report, in both colour schemes and on paper. Colours stand in variables; the charts use the same. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fdfcfa; --raised: #f6f4ef; --ink: #1d2126; --muted: #565d68; --line: #e2dfd8; --grid: #ebe8e1; --axis: #a3a29c;
  --link: #0a5a94; --quiet: #6f7783; --logged: #565d68; --truth: #a8410a;
  --series-1: #0b63a5; --series-2: #b3470b; --series-3: #0b7a5b; --series-4: #8a4a86; --series-5: #7a6200; --series-6: #4a5a6a;
  --good: #0b6647; --good-wash: #e6f2ec; --warn: #7a4d00; --warn-wash: #fbf0d9; --bad: #9b2424; --bad-wash: #fbe9e7;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "Book Antiqua", Georgia, "DejaVu Serif", serif;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif;
  --mono: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #15181c; --raised: #1d2126; --ink: #e8e6e1; --muted: #a6adb8; --line: #31363d; --grid: #282d33; --axis: #6b727c;
    --link: #7cbdf0; --quiet: #8b94a1; --logged: #a6adb8; --truth: #f0a068;
    --series-1: #62b0ea; --series-2: #f0a068; --series-3: #4fc79f; --series-4: #d79fd2; --series-5: #dcc457; --series-6: #aab6c4;
    --good: #7fd6b0; --good-wash: #16302a; --warn: #edc069; --warn-wash: #352a12; --bad: #f2a19a; --bad-wash: #3a1d1c;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 var(--sans); }
main, footer { max-width: 66rem; margin: 0 auto; padding: 0 clamp(1rem, 4vw, 2.5rem); }
main { padding-top: clamp(1.25rem, 5vw, 3.5rem); }
footer { margin-top: 4rem; padding-top: 1rem; padding-bottom: 2.5rem; color: var(--muted); font-size: .8125rem; }
h1, h2, h3, h4 { line-height: 1.2; text-wrap: balance; overflow-wrap: anywhere; }
h1 { font: 500 clamp(1.6rem, 4.2vw, 2.4rem)/1.18 var(--serif); letter-spacing: -.01em; margin: 0 0 1.5rem; max-width: 26em; }
h2 { font: 500 1.55rem/1.2 var(--serif); margin: 0 0 .75rem; }
h3 { font-size: 1.0625rem; font-weight: 600; margin: 2.25rem 0 .75rem; }
p { margin: 0 0 1rem; max-width: 42rem; overflow-wrap: anywhere; }
a { color: var(--link); text-underline-offset: .18em; text-decoration-thickness: .06em; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px; }
small { font-size: .8125rem; color: var(--muted); font-weight: 400; }
code, pre { font-family: var(--mono); font-size: .875em; overflow-wrap: anywhere; }
.kicker { margin: 0 0 .5rem; color: var(--muted); font-size: .8125rem; letter-spacing: .04em; }
.lead, .note { color: var(--muted); }
.note { font-size: .875rem; margin-top: .5rem; }
.remark { border-left: 3px solid var(--warn); padding-left: .875rem; }
h4 { font-size: .9375rem; font-weight: 600; margin: 1.75rem 0 .5rem; }

.answer { border-left: 4px solid var(--edge); background: var(--wash); padding: clamp(1rem, 3vw, 1.5rem) clamp(1rem, 3vw, 1.75rem); border-radius: 0 6px 6px 0; }
.answer > p:first-child { margin-bottom: .75rem; }
.answer .sentence { font: 400 clamp(1.15rem, 2.6vw, 1.4rem)/1.4 var(--serif); max-width: 40em; margin-bottom: .5rem; }
.answer ul { margin: .75rem 0 0; padding-left: 1.2em; max-width: 46rem; }
.answer li { margin: .2rem 0; overflow-wrap: anywhere; }
.finding { border-left: 3px solid var(--edge); padding-left: 1rem; margin-bottom: 1rem; }
.finding p { margin-bottom: .375rem; }
.finding ul { margin: 0; padding-left: 1.2em; max-width: 46rem; }
.finding li { overflow-wrap: anywhere; }
.supported { --edge: var(--good); --wash: var(--good-wash); }
.weak { --edge: var(--warn); --wash: var(--warn-wash); }
.unsupported { --edge: var(--bad); --wash: var(--bad-wash); }
.badge { display: inline-flex; align-items: center; gap: .4em; padding: .1em .65em .1em .45em; border-radius: 1em; background: var(--wash); color: var(--edge); font-size: .8125rem; font-weight: 600; white-space: nowrap; }
.badge svg { width: 1.15em; height: 1.15em; fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linecap: round; stroke-linejoin: round; }
.answer .badge { background: var(--edge); color: var(--paper); font-size: .9375rem; }

nav { margin: 2rem 0 0; padding: .625rem 0; border-block: 1px solid var(--line); font-size: .8125rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.125rem; list-style: none; margin: 0; padding: 0; }
nav a { text-decoration: none; display: inline-block; padding: .2rem 0; }
nav a:hover { text-decoration: underline; }
section { margin-top: 3.25rem; scroll-margin-top: 1rem; }

.facts { display: flex; flex-wrap: wrap; gap: .75rem 2.25rem; margin: 1.25rem 0; }
.facts div { min-width: 0; }
.facts dt { font-size: .8125rem; color: var(--muted); }
.facts dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }

.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.scroll { position: relative; overflow-x: auto; margin: 1rem 0 1.5rem; max-width: 100%; -webkit-overflow-scrolling: touch; }
table { border-collapse: collapse; font-size: .9375rem; line-height: 1.4; min-width: min(100%, 30rem); }
caption { text-align: left; font-size: .8125rem; color: var(--muted); padding-bottom: .5rem; }
th, td { padding: .5rem .875rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { padding-left: 0; }
thead th { font-size: .8125rem; font-weight: 600; color: var(--muted); vertical-align: bottom; border-bottom-color: var(--axis); }
thead small, tbody small { display: block; }
thead small { white-space: nowrap; }
tbody th { font-weight: 600; min-width: 8rem; max-width: 22rem; overflow-wrap: break-word; }
td code { overflow-wrap: break-word; }
td small { width: max-content; max-width: 14rem; overflow-wrap: break-word; }
td.n small { max-width: 12rem; margin-left: auto; white-space: normal; }
td .badge + small { margin-top: .25rem; }
td.n { white-space: nowrap; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
tr.group th { padding-top: 1.25rem; font-weight: 600; max-width: none; }
tr.group small { display: inline; }
tr.group .badge { margin-left: .5rem; }
.overall { font-weight: 400; margin-left: .5rem; font-variant-numeric: tabular-nums; }
.stay { display: inline-block; position: sticky; left: 0; max-width: calc(100vw - 2 * clamp(1rem, 4vw, 2.5rem)); }
td .method { display: inline-block; width: max-content; max-width: 16rem; color: var(--muted); white-space: normal; }
.grey { color: var(--muted); font-weight: 400; }
.refused { font-weight: 400; font-style: italic; color: var(--bad); }
.plain { padding-left: 1.2em; overflow-wrap: anywhere; }

figure { margin: 1.25rem 0; min-width: 0; }
figure svg[role] { display: block; width: 100%; height: auto; font-family: var(--sans); overflow: visible; }
.when-narrow { display: none; }
figcaption { font-size: .8125rem; color: var(--muted); margin-top: .5rem; overflow-wrap: anywhere; }
.grid > figure figcaption { order: -1; margin: 0 0 .25rem; }
figcaption strong { color: var(--ink); font-weight: 600; }
.keys { display: inline-flex; flex-wrap: wrap; gap: 0 1rem; max-width: none; }
.plainly { font-weight: 400; }
.key { display: inline-flex; align-items: center; gap: .4rem; font-size: .8125rem; color: var(--muted); }
.key svg { width: auto; height: .8em; flex: none; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 18rem), 1fr)); gap: 1rem 2rem; }
.grid > figure { display: flex; flex-direction: column; justify-content: flex-start; max-width: 25rem; margin: 0; }

details { margin: 1rem 0; }
summary { cursor: pointer; color: var(--link); width: fit-content; }
pre { background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: .875rem 1rem; overflow-x: auto; line-height: 1.5; margin: .75rem 0; }
pre code { overflow-wrap: normal; }
.legend { margin: 0; }
.legend div { display: grid; grid-template-columns: 12rem minmax(0, 1fr); gap: .25rem 1.5rem; padding: .625rem 0; border-bottom: 1px solid var(--line); }
.legend dt { font-weight: 600; }
.legend dt small { display: block; }
.legend dd { margin: 0; max-width: 44rem; }
.legend dd p { margin: .25rem 0 0; color: var(--muted); }

@media screen and (max-width: 52rem) {
  .when-wide { display: none; }
  .when-narrow { display: block; max-width: 25rem; }
}
@media screen and (max-width: 48rem) {
  .legend div { grid-template-columns: minmax(0, 1fr); }
  tbody th[scope="row"], thead th:first-child { position: sticky; left: 0; background: var(--paper); max-width: 9.5rem; min-width: 7rem; }
  th, td { padding-inline: .625rem; }
}
@media print {
  :root { --paper: #fff; --raised: #fff; }
  body { font-size: 10pt; }
  main, footer { max-width: none; padding: 0; }
  nav { display: none; }
  section { margin-top: 2rem; }
  figure, tr, .answer, .legend div { break-inside: avoid; }
  h2, h3, h4 { break-after: avoid; }
  .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.scroll { position: relative; overflow: visible; }
  table, thead th, table small, td .badge { font-size: 8pt; }
  th, td { padding: .25rem .4rem; }
  td small { max-width: 9rem; }
  pre { white-space: pre-wrap; }
  details::details-content { content-visibility: visible; display: block; }
}
`;
