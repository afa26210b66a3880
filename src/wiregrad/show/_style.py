"""How the report looks: one style sheet and one script, both written into the page."""

from __future__ import annotations

__all__ = ["SCRIPT", "STYLE"]

#: Light, calm, readable on a phone and on paper; no font or picture is fetched from anywhere.
STYLE = """
:root { --ink: #22272e; --soft: #5b6270; --line: #dfe2e7; --wash: #f6f7f9; --accent: #3d2683; }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body {
  margin: 0; color: var(--ink); background: #fff;
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main, header, footer { max-width: 1080px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 36px; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 10px; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 0 0 6px; padding-top: 22px; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 26px 0 4px; }
section { margin-top: 34px; }
p { max-width: 46rem; margin: 8px 0; overflow-wrap: anywhere; }
.lead { font-size: 1.1rem; }
.soft, figcaption, caption { color: var(--soft); font-size: 0.92rem; }
.note { background: #fff7e6; border-left: 4px solid #e69f00; padding: 10px 14px; }
nav { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 18px 0 0; font-size: 0.95rem; }
a { color: var(--accent); }
.tiles {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px;
  margin: 22px 0 0; padding: 0; list-style: none;
}
.tiles li { background: var(--wash); border-radius: 8px; padding: 12px 16px; }
.tiles b { display: block; font-size: 1.5rem; line-height: 1.25; color: var(--accent); }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; margin: 12px 0; font-size: 0.94rem; }
caption { text-align: left; padding-bottom: 6px; }
th, td { text-align: left; padding: 5px 18px 5px 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; vertical-align: bottom; white-space: nowrap; }
td { vertical-align: top; min-width: 3.2em; max-width: 34rem; }
td:first-child { white-space: nowrap; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
tr.rest td { font-style: italic; color: var(--soft); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 6px 22px; margin: 14px 0; }
dt { font-weight: 600; }
dd { margin: 0; overflow-wrap: anywhere; max-width: 46rem; }
figure { margin: 14px 0 0; }
figcaption { max-width: 46rem; margin-top: 2px; }
pre {
  background: var(--wash); border-radius: 8px; padding: 14px 16px; overflow-x: auto;
  font: 0.88rem/1.5 ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace;
}
code { font-family: ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; font-size: 0.92em; }
details { margin: 10px 0; }
summary { cursor: pointer; color: var(--accent); }
footer { margin-top: 48px; padding-bottom: 40px; color: var(--soft); font-size: 0.9rem; }
@media (max-width: 640px) {
  main, header, footer { padding-left: 14px; padding-right: 14px; }
  h1 { font-size: 1.5rem; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 10px; }
  th, td { padding-right: 12px; }
  td { min-width: 2.4em; }
}
@media print {
  nav, .modebar { display: none !important; }
  section, figure, table { break-inside: avoid; }
  body { font-size: 11pt; }
  .scroll { overflow: visible; }
}
"""

#: Draws every figure of the page. A figure that cannot be drawn says so in its place.
SCRIPT = """
for (const place of document.querySelectorAll("[data-figure]")) {
  const figure = JSON.parse(document.getElementById(place.dataset.figure).textContent);
  const config = {responsive: true, displaylogo: false, modeBarButtons: [["toImage"]],
    toImageButtonOptions: {format: "svg", filename: place.dataset.figure}};
  try {
    Plotly.newPlot(place, figure.data, figure.layout, config)
      .catch((error) => { place.textContent = "This figure could not be drawn: " + error; });
  } catch (error) {
    place.textContent = "This figure could not be drawn: " + error;
  }
}
"""
