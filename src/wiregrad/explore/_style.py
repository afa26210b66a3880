"""How the explorer looks, and the few things that only a script in the page can do."""

from __future__ import annotations

__all__ = ["SCRIPT", "STYLE"]

#: Of one family with the report: light, calm, no font or picture fetched from anywhere.
STYLE = """
:root {
  --ink: #22272e; --soft: #5b6270; --line: #dfe2e7; --wash: #f6f7f9; --accent: #3d2683;
  --warm: #9c4200;
}
* { box-sizing: border-box; }
body {
  margin: 0; color: var(--ink); background: #fff;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
.skip { position: absolute; left: -9999px; }
.skip:focus { left: 8px; top: 8px; background: #fff; padding: 6px 10px; z-index: 9; }
.top { padding: 18px 28px 14px; border-bottom: 1px solid var(--line); }
.top h1 { font-size: 1.45rem; margin: 0; line-height: 1.2; }
.top p { margin: 2px 0 0; color: var(--soft); }
.columns { display: grid; grid-template-columns: 380px minmax(0, 1fr); align-items: start; }
.question { padding: 18px 24px 40px 28px; border-right: 1px solid var(--line); min-height: 85vh; }
.answer { padding: 18px 32px 60px; min-width: 0; max-width: 1240px; }
h2 { font-size: 1.2rem; margin: 0 0 8px; }
.answer h3 {
  font-size: 1.08rem; margin: 30px 0 4px; padding-top: 16px; border-top: 1px solid var(--line);
}
h4 { font-size: 0.97rem; margin: 16px 0 2px; }
p { margin: 6px 0; max-width: 46rem; overflow-wrap: anywhere; }
.soft { color: var(--soft); font-size: 0.92rem; }
fieldset { border: 0; padding: 0; margin: 14px 0 0; min-width: 0; }
legend, .field > label, .finder > label { font-weight: 600; padding: 0; display: block; }
.choices { display: flex; flex-wrap: wrap; gap: 6px; margin-top: 4px; }
.choices button { padding: 4px 10px; overflow-wrap: anywhere; }
.choices [aria-pressed=true] {
  background: #ece9f6; border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent);
}
.field, .finder { margin-top: 14px; }
.row { display: grid; grid-template-columns: 1fr 1fr; gap: 0 16px; }
.hidden { display: none !important; }
.dash-input-container, .dash-input-container:focus-within {
  border: 0; box-shadow: none; outline: 0; padding: 0; width: 100%; height: auto; margin: 0;
  background: none; border-radius: 0;
}
input[type=text].dash-input-element, input[type=text] {
  width: 100%; font: inherit; color: inherit; padding: 7px 10px; border: 1px solid #868d99;
  border-radius: 6px; background: #fff; margin-top: 3px;
}
:focus-visible { outline: 3px solid #e69f00; outline-offset: 1px; }
input[type=text].dash-input-element:focus { outline: 3px solid #e69f00; outline-offset: -2px; }
button, .button {
  font: inherit; cursor: pointer; border-radius: 6px; border: 1px solid #868d99; color: var(--ink);
  background: #fff; padding: 6px 12px; text-decoration: none; display: inline-block;
}
button:hover, .button:hover { background: var(--wash); }
.go { background: var(--accent); border-color: var(--accent); color: #fff; font-weight: 600; }
.go:hover { background: #2c1a63; }
.go { margin-top: 20px; width: 100%; padding: 10px; }
.chips { display: flex; flex-wrap: wrap; gap: 6px; margin-top: 6px; }
.chips button {
  background: #ece9f6; border-color: #b9b0dc; padding: 2px 9px; font-size: 0.93rem;
  text-align: left; overflow-wrap: anywhere;
}
.finder { position: relative; }
.found {
  display: none; position: absolute; z-index: 5; left: 0; right: 0; background: #fff;
  border: 1px solid #868d99; border-radius: 6px; box-shadow: 0 6px 20px rgb(0 0 0 / 14%);
  max-height: 330px; overflow-y: auto; padding: 4px;
}
.finder:focus-within .found:not(:empty) { display: block; }
.found button {
  display: flex; width: 100%; justify-content: space-between; gap: 12px; border: 0;
  text-align: left; padding: 5px 8px;
}
.found button span:first-child { overflow-wrap: anywhere; }
.found button span:last-child { color: var(--soft); white-space: nowrap; font-size: 0.9rem; }
.found button:focus { background: #ece9f6; }
.found p { padding: 2px 8px; margin: 0; }
.reach { background: var(--wash); border-radius: 8px; padding: 10px 14px; margin-top: 14px; }
.reach p { margin: 2px 0; font-size: 0.93rem; }
.bars {
  display: flex; align-items: flex-end; gap: 3px; height: 54px; margin: 8px 0 0; padding: 0;
  list-style: none;
}
.bars li {
  flex: 1; max-width: 48px; display: flex; flex-direction: column; justify-content: flex-end;
  height: 100%; font-size: 0.72rem; text-align: center; color: var(--soft);
}
.bars i { display: block; background: #a298cd; min-height: 1px; border-radius: 2px 2px 0 0; }
.bars .now i { background: var(--accent); }
.error { background: #fff1e8; border-left: 4px solid #d55e00; padding: 8px 12px; margin: 12px 0; }
.note { background: #fff7e6; border-left: 4px solid #e69f00; padding: 8px 12px; margin: 12px 0; }
.error:empty, .note:empty { display: none; }
.progress { background: var(--wash); border-radius: 8px; padding: 14px 18px; margin-bottom: 18px; }
.progress p { margin: 0 0 6px; font-variant-numeric: tabular-nums; }
progress { width: 100%; height: 12px; accent-color: var(--accent); }
.runs { margin-top: 26px; }
.runs ol { list-style: none; padding: 0; margin: 0; }
.runs li { padding: 3px 0; font-size: 0.93rem; overflow-wrap: anywhere; }
.runs [aria-current] { font-weight: 600; }
a { color: var(--accent); }
.tiles {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 12px;
  margin: 14px 0 0; padding: 0; list-style: none;
}
.tiles li { background: var(--wash); border-radius: 8px; padding: 10px 14px; }
.tiles b { display: block; font-size: 1.4rem; line-height: 1.25; color: var(--accent); }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; margin: 8px 0; font-size: 0.92rem; }
caption { text-align: left; color: var(--soft); padding-bottom: 3px; }
th, td {
  text-align: left; padding: 4px 16px 4px 0; border-bottom: 1px solid var(--line);
  vertical-align: top;
}
th { font-weight: 600; white-space: nowrap; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td button { padding: 1px 8px; }
.graph { border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
.key { display: flex; flex-wrap: wrap; gap: 2px 20px; margin: 6px 0 0; padding: 0;
  list-style: none; color: var(--soft); font-size: 0.9rem; }
.key i { display: inline-block; width: 26px; margin-right: 7px; vertical-align: middle; }
.key .excites { border-top: 3px solid #d55e00; }
.key .inhibits { border-top: 3px dashed #0072b2; }
.key .target { width: 15px; height: 12px; border: 3px solid var(--ink); border-radius: 3px; }
.details { border: 1px solid #b9b0dc; border-radius: 8px; padding: 12px 18px; margin-top: 12px; }
.details:empty { display: none; }
.side {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(380px, 100%), 1fr));
  gap: 0 32px;
}
.files { display: flex; flex-wrap: wrap; gap: 8px; margin: 8px 0; padding: 0; list-style: none; }
pre {
  background: var(--wash); border-radius: 8px; padding: 12px 14px; overflow-x: auto; margin: 8px 0;
  font: 0.86rem/1.5 ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace;
}
details { margin: 12px 0; }
summary { cursor: pointer; color: var(--accent); }
.save { font-size: 0.88rem; padding: 2px 9px; }
._dash-loading { padding: 28px; color: var(--soft); }
@media (min-width: 901px) {
  .question { position: sticky; top: 0; max-height: 100vh; overflow-y: auto; }
}
@media (max-width: 900px) {
  .columns { grid-template-columns: minmax(0, 1fr); }
  .question { border-right: 0; border-bottom: 1px solid var(--line); min-height: 0; }
  .answer, .question, .top { padding-left: 16px; padding-right: 16px; }
}
"""

#: Arrow keys in lists of names, where the focus goes, and pictures that are saved.
SCRIPT = """
"use strict";
const within = (finder) => [...finder.querySelectorAll("input, .found button")];
document.addEventListener("keydown", (event) => {
  const finder = event.target.closest && event.target.closest(".finder");
  if (!finder) return;
  const stops = within(finder), at = stops.indexOf(event.target);
  const move = {ArrowDown: 1, ArrowUp: -1}[event.key];
  if (move && at >= 0) {
    event.preventDefault();
    stops[Math.min(Math.max(at + move, 0), stops.length - 1)].focus();
  }
  if (event.key === "Escape") event.target.blur();
});
document.addEventListener("mousedown", (event) => {
  if (event.target.closest(".found")) event.preventDefault();  // the field keeps the focus
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const {sets, value, picture, name} = button.dataset;
  if (sets) {  // what a button says goes to a store, which callbacks listen to
    const data = JSON.parse(value);
    if (typeof data === "object") data.at = performance.now();  // twice the same is twice
    dash_clientside.set_props(sets, {data});
  }
  const finder = button.closest(".finder");
  if (finder) setTimeout(() => finder.querySelector("input").focus(), 0);
  const plot = picture && document.getElementById(picture).querySelector(".js-plotly-plot");
  if (plot) Plotly.downloadImage(plot, {format: "svg", filename: name});
});
"""
