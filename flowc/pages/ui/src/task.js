// One task: its attempts, and of the chosen one log, failure and cards; its artifacts.
import { html, useEffect, useState } from "./html.js";
import { asked, isServed } from "./served.js";
import { STATES, clock, duration, number, size } from "./data.js";
import { link, taskLink } from "./route.js";
import { Log } from "./log.js";
import { reason } from "./header.js";
import { CardFrame, cardName } from "./frame.js";

export function Task({ run, step, path, query }) {
  const task = run.byName.get(`${step}/${path}`);
  if (!task) return html`<p>The run has no task <code>${step}/${path}</code>. <a href=${link("tasks")}>All tasks</a></p>`;
  const failures = new Map((run.failures[task.number] || []).map((failure) => [failure.attempt, failure]));
  const attempt = query.attempt !== undefined && Number(query.attempt) < task.attempts ? Number(query.attempt) : task.attempts - 1;
  const failure = failures.get(attempt);
  const log = run.logs[`${task.number}/${attempt}`];
  const cards = (run.cards[task.number] || []).filter((card) => card.attempt === attempt || card.attempt === null);
  const about = run.byStep.get(step);
  const siblings = about.tasks, at = siblings.indexOf(task);
  return html`<article>
    <p class="bar"><a href=${link("tasks", [], siblings.length > 1 ? { step } : {})}>← tasks${siblings.length > 1 ? ` of ${step}` : ""}</a>
      ${at > 0 && html`<a href=${taskLink(siblings[at - 1])}>previous</a>`}
      ${at < siblings.length - 1 && html`<a href=${taskLink(siblings[at + 1])}>next</a>`}</p>
    <h2><span class=${"state " + task.state}>${STATES[task.state]} ${task.state}</span> ${task.name}</h2>
    ${about.doc && html`<p class="doc">${about.doc}</p>`}
    <dl class="facts">
      ${task.value && html`<dt>item</dt><dd><code>${task.value}</code></dd>`}
      ${task.begin !== null && html`<dt>started</dt><dd title=${new Date(run.t0 + task.begin).toISOString()}>${new Date(run.t0 + task.begin).toLocaleString()}</dd>`}
      ${task.duration !== null && html`<dt>took</dt><dd>${duration(task.duration)}</dd>`}
      ${about.decorators.length > 0 && html`<dt>decorators</dt><dd>${about.decorators.map((text) => html`<code>${text}</code> `)}</dd>`}
      <${Facts} run=${run} task=${task} />
      <dt>by hand</dt><dd><code>flowc dump ${run.run.run}/${step}/${path}</code></dd>
    </dl>
    ${task.attempts > 1 && html`<div class="tabs" role="group" aria-label="Attempts">${Array.from({ length: task.attempts }, (_, number) =>
      html`<a class=${number === attempt ? "now" : ""} aria-current=${number === attempt ? "true" : undefined} href=${taskLink(task, { attempt: number })}>${failures.has(number) ? "✗" : number === task.attempts - 1 ? STATES[task.state] : ""} attempt ${number}</a>`)}</div>`}
    ${failure && html`<section class="failure"><h3>${reason(failure)}</h3>
      ${failure.time && html`<p class="faint">at ${clock(failure.time * 1000)}</p>`}<pre tabindex="0">${failure.traceback || ""}</pre></section>`}
    <section><h3>Log</h3>${log || (isServed && log === null) ? html`<${LogOf} key=${task.number + "/" + attempt} log=${log} run=${run} task=${task} attempt=${attempt} line=${Number(query.line) || 0} />`
      : html`<p class="faint">${run.left_out.some((text) => text.startsWith("logs")) ? "not in this page" : "nothing was printed"}</p>`}</section>
    ${cards.length > 0 && html`<section><h3>Cards</h3>${cards.map((card) => html`<${Card} key=${card.hash} card=${card} />`)}</section>`}
    <${Artifacts} run=${run} task=${task} />
  </article>`;
}

// A log that is in the page, or that the server has; of a task that runs, it is asked for again with each change.
function LogOf({ log, run, task, attempt, line }) {
  const [loaded, setLoaded] = useState(log);
  useEffect(() => {
    if (log) return;
    asked("log", run.run.flow, run.run.run, task.step, task.path, String(attempt)).then(setLoaded, (error) => setLoaded({ lines: [], cut: 0, error: error.message }));
  }, [run.seen]);
  if (!loaded) return html`<p class="faint" role="status">loading</p>`;
  if (loaded.error) return html`<p class="faint">${loaded.error}</p>`;
  const ask = isServed ? (what, query) => asked(what, run.run.flow, run.run.run, task.step, task.path, String(attempt), query) : undefined;
  return html`<${Log} log=${loaded} name=${`${run.run.run}/${task.step}/${task.path}`} ask=${ask} line=${line}
    to=${(number) => taskLink(task, { attempt, line: number })} follows=${isServed && task.state === "unfinished"} />`;
}

function Card({ card }) {
  const [isOpen, setOpen] = useState(true);
  return html`<details class="card" open=${isOpen} onToggle=${(event) => setOpen(event.target.open)}><summary>${cardName(card)}</summary>
    ${isOpen && html`<${CardFrame} card=${card} name=${cardName(card)} />`}</details>`;
}

// What ran the task, and with which others it shared a container.
function Facts({ run, task }) {
  const facts = run.facts?.of[task.number];
  const sharing = task.container ? run.tasks.filter((other) => other.container === task.container) : [];
  const end = (other) => other.begin + other.duration;
  const before = sharing.filter((other) => other !== task && other.duration !== null && end(other) <= task.begin + 1).sort((a, b) => end(b) - end(a))[0];
  const [kind, memory, start] = facts || [];
  const { python, platform, packages, digest } = run.facts?.kinds[kind] || {};
  return html`
    ${task.container && html`<dt>container</dt><dd>${task.container.replace(/\/-$/, "")}: <a href=${link("tasks", [], { container: task.container })}>${number(sharing.length)} tasks</a>${
      before ? html`; began ${duration(Math.max(0, task.begin - end(before)))} after <a href=${taskLink(before)}>${before.name}</a> had ended in it` : "; the first one in it"}</dd>`}
    ${start && html`<dt>started as</dt><dd><code>${start}</code></dd>`}
    ${memory && html`<dt>memory</dt><dd>${memory} MiB at most</dd>`}
    ${python && html`<dt>environment</dt><dd>Python ${python}, ${platform} <code class="faint">${(packages || digest || "").replace("sha256:", "").slice(0, 12)}</code></dd>`}`;
}

function Artifacts({ run, task }) {
  const [q, setQ] = useState("");
  const own = run.artifacts.of[task.number];
  if (!own) return html`<section><h3>Artifacts</h3><p class="faint">${["done", "reused"].includes(task.state) ? "not in this page" : "a task saves its artifacts when it succeeds"}</p></section>`;
  const rows = own.map((number) => run.artifacts.kinds[number]).filter(([name]) => name.toLowerCase().includes(q.toLowerCase()));
  return html`<section><h3>Artifacts</h3>
    ${own.length > 10 && html`<div class="bar"><label>find <input type="search" value=${q} onInput=${(event) => setQ(event.target.value)} /></label></div>`}
    <div class="wide" tabindex="0" role="group" aria-label="Artifacts"><table><thead><tr><th scope="col">name</th><th scope="col">type</th><th scope="col">size</th><th scope="col">value</th><th scope="col">digest</th></tr></thead>
    <tbody>${rows.map(([name, type, bytes, digest, text]) => html`<tr><th scope="row">${name}</th><td>${type}</td><td class="right">${size(bytes)}</td><td><code>${text}</code></td><td class="faint"><code>${digest}</code></td></tr>`)}</tbody></table></div></section>`;
}
