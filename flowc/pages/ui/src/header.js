// What a written page has in its HTML (flowc/pages/run_page.py), for a page that is served.
import { html } from "./html.js";
import { counted, duration, number } from "./data.js";
import { taskLink } from "./route.js";

const SYMBOLS = { succeeded: "✓", failed: "✗", running: "▶", stopped: "■", unfinished: "…" };

export const Status = ({ status }) => html`<span class=${"state " + status}>${SYMBOLS[status] || "?"} ${status}</span>`;

export const reason = ({ type, message }) => [type, message].filter(Boolean).join(": ") || "not known yet";

export function Header({ run }) {
  const about = run.run;
  const first = run.tasks.filter((task) => task.state === "failed" && run.failures[task.number])
    .map((task) => [run.failures[task.number].at(-1), task]).sort(([a], [b]) => (a.time || 0) - (b.time || 0))[0];
  const facts = [
    ["started", about.started && new Date(about.started * 1000).toLocaleString()],
    ["took", about.started && about.ended && duration(Math.round(1000 * (about.ended - about.started)))],
    ["user", about.user], ["target", about.target], ["continues", about.origin], ["tags", about.tags.join(", ")], ["commit", about.git],
  ].filter(([, value]) => value);
  const commands = [about.status !== "succeeded" && `flowc resume ${about.script || "FLOW.py"} --origin-run-id ${about.run}`, `flowc dump ${about.run}`, `flowc logs ${about.run}`];
  const parameters = Object.entries(about.parameters);
  return html`<header class="run">
    <h1><${Status} status=${about.status} /> ${about.flow} <span class="faint">/</span> ${about.run}</h1>
    <p class="counts" role="status">${run.tasks.length === 1 ? "1 task" : `${number(run.tasks.length)} tasks`}: ${Object.entries(counted(run.tasks)).map(([state, count]) => `${number(count)} ${state}`).join(", ")}</p>
    <dl class="facts">${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
    ${parameters.length > 0 && html`<details><summary>${parameters.length === 1 ? "1 parameter" : `${parameters.length} parameters`}</summary><table>
      ${parameters.map(([name, value]) => html`<tr><th scope="row">${name}</th><td><code>${value}</code></td></tr>`)}</table></details>`}
    ${first && html`<section class="failure" aria-label="First failure"><h2><a href=${taskLink(first[1])}>${first[1].name}</a> failed, attempt ${first[0].attempt}</h2>
      <p><code>${reason(first[0])}</code></p><pre tabindex="0">${first[0].traceback || ""}</pre></section>`}
    <details><summary>commands</summary><pre>${commands.filter(Boolean).join("\n")}</pre></details>
  </header>`;
}
