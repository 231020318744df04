// The runs of a datastore, newest first; up to four can be compared.
import { html, useEffect, useState } from "./html.js";
import { duration, number } from "./data.js";
import { asked } from "./served.js";
import { Status } from "./header.js";

const AGAIN = 10_000; // milliseconds between looks while the page is seen
const SHOWN = 300; // rows

export function Runs() {
  const [answer, setAnswer] = useState(null);
  const [q, setQ] = useState("");
  const [status, setStatus] = useState("");
  const [chosen, setChosen] = useState([]);
  useEffect(() => {
    const look = () => document.hidden || asked("runs").then(setAnswer, (error) => setAnswer({ error: error.message, runs: [] }));
    look();
    const timer = setInterval(look, AGAIN);
    return () => clearInterval(timer);
  }, []);
  if (!answer) return html`<main><p role="status">loading</p></main>`;
  if (answer.error) return html`<main><p>${answer.error}</p></main>`;
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const told = (run) => [run.flow, run.run, run.user, ...run.tags, ...Object.entries(run.parameters || {}).map(([name, value]) => `${name}=${value}`)].join(" ").toLowerCase();
  const rows = answer.runs.filter((run) => (!status || run.status === status) && words.every((word) => told(run).includes(word)));
  const name = (run) => `${run.flow}/${run.run}`;
  const toggle = (run) => setChosen(chosen.includes(name(run)) ? chosen.filter((other) => other !== name(run)) : [...chosen, name(run)].slice(-4));
  return html`<main><h1>Runs <span class="faint">${answer.store}</span></h1>
    <form class="bar" role="search" onSubmit=${(event) => event.preventDefault()}>
      <label>find <input type="search" id="find" value=${q} placeholder="flow, run, user, tag, name=value" onInput=${(event) => setQ(event.target.value)} /></label>
      <label>status <select value=${status} onChange=${(event) => setStatus(event.target.value)}><option value="">all</option>
        ${[...new Set(answer.runs.map((run) => run.status))].map((each) => html`<option>${each}</option>`)}</select></label>
      <span role="status">${rows.length === 1 ? "1 run" : `${number(rows.length)} runs`}${rows.length > SHOWN ? `, the newest ${SHOWN} shown` : ""}</span>
      ${chosen.length > 1 && html`<a href=${"/compare?" + new URLSearchParams(chosen.map((each) => ["run", each]))}>compare ${chosen.length}</a>`}
    </form>
    <div class="wide" tabindex="0" role="group" aria-label="Runs"><table>
      <thead><tr><th scope="col">compare</th><th scope="col">status</th><th scope="col">flow</th><th scope="col">run</th><th scope="col">started</th><th scope="col">took</th><th scope="col">user</th><th scope="col">parameters</th><th scope="col">tags</th></tr></thead>
      <tbody>${rows.slice(0, SHOWN).map((run) => html`<tr key=${name(run)}>
        <td><input type="checkbox" aria-label=${"compare " + name(run)} checked=${chosen.includes(name(run))} onChange=${() => toggle(run)} /></td>
        <td><${Status} status=${run.status} />${run.step && html` <span class="faint">at ${run.step}</span>`}</td><td>${run.flow}</td>
        <th scope="row"><a href=${"/run/" + encodeURIComponent(run.flow) + "/" + encodeURIComponent(run.run)}>${run.run}</a></th>
        <td>${run.started ? new Date(run.started).toLocaleString() : ""}</td><td class="right">${run.seconds === null ? "" : duration(Math.round(run.seconds * 1000))}</td>
        <td>${run.user}</td><td>${Object.entries(run.parameters || {}).map(([key, value]) => html`<code>${key}=${shortened(JSON.stringify(value))}</code> `)}</td><td>${run.tags.join(", ")}</td></tr>`)}</tbody></table></div></main>`;
}

const shortened = (text) => text.length > 40 ? text.slice(0, 39) + "…" : text;
