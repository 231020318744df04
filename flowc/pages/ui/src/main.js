// The page of a run: header, then one of three views, chosen by the address' fragment.
import { html, render, useEffect, useRef, useState } from "./html.js";
import { STATES, counted, duration, number, read } from "./data.js";
import { current, go, link, taskLink } from "./route.js";
import { StepGraph } from "./graph.js";
import { Timeline } from "./timeline.js";
import { Tasks } from "./tasks.js";
import { Task } from "./task.js";
import { followed, isServed } from "./served.js";
import { Header } from "./header.js";
import { Runs } from "./runs.js";
import { Compare } from "./compare.js";
import { Cards } from "./cards.js";

const VIEWS = { overview: "Overview", tasks: "Tasks", cards: "Cards" };
const HELP = [
  ["/", "find"], ["j, k", "next, previous row"], ["Enter", "open the row"], ["Esc", "back"], ["g o, g t, g c", "overview, tasks, cards"],
  ["f", "first failure"], ["n, N", "next, previous hit in the log"], ["w", "wrap lines of the log"], ["?", "this list"],
];

function Page({ run }) {
  const [where, setWhere] = useState(current());
  const dialog = useRef(null);
  const hasCards = Object.keys(run.cards).length > 0;
  useEffect(() => {
    const moved = () => setWhere(current());
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  useEffect(() => {
    let before = "";
    const keys = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || stored("keys") === "off") return;
      const typing = event.target.closest("input, select, textarea");
      if (event.key === "Escape") {
        if (typing) event.target.blur();
        else if (dialog.current.open) dialog.current.close();
        else if (where.view === "task") go(link("tasks", [], run.byStep.get(where.rest[0])?.tasks.length > 1 ? { step: where.rest[0] } : {}));
        else if (where.view !== "overview") go(link("overview"));
        return;
      }
      if (typing) return;
      if (before === "g" && event.key === "o") go(link("overview"));
      if (before === "g" && event.key === "t") go(link("tasks"));
      if (before === "g" && event.key === "c" && hasCards) go(link("cards"));
      before = event.key;
      if (event.key === "/") {
        event.preventDefault();
        if (!document.getElementById("find")) go(link("tasks"));
        setTimeout(() => document.getElementById("find")?.focus(), 50);
      }
      if (event.key === "f") { const task = firstFailure(run); if (task) go(taskLink(task)); }
      if (event.key === "?") dialog.current.showModal();
    };
    addEventListener("keydown", keys);
    return () => removeEventListener("keydown", keys);
  });
  const { view, rest, query } = where;
  useEffect(() => { document.body.dataset.view = view; }, [view]); // the header is small beside anything but the overview
  return html`
    <nav aria-label="Views">
      ${Object.entries(VIEWS).filter(([key]) => key !== "cards" || hasCards).map(([key, name]) => html`<a href=${link(key)} aria-current=${view === key ? "page" : undefined}>${name}</a>`)}
      <span class="push"></span>
      <button onClick=${() => dialog.current.showModal()}>keys</button>
      <${Theme} />
    </nav>
    <main>
      ${run.left_out.length > 0 && html`<p class="note" role="note">Not in this page: ${run.left_out.join("; ")}.</p>`}
      ${run.unread > 0 && html`<p class="note" role="status">Times and artifacts of ${number(run.unread)} tasks are still being read.</p>`}
      ${view === "task" ? html`<${Task} run=${run} step=${rest[0]} path=${rest[1]} query=${query} />`
        : view === "cards" ? html`<${Cards} run=${run} query=${query} />`
        : view === "tasks" ? html`<${Tasks} run=${run} query=${query} />`
        : html`<${Overview} run=${run} />`}
    </main>
    <dialog ref=${dialog} aria-label="Keys"><table>${HELP.map(([key, what]) => html`<tr><th scope="row"><kbd>${key}</kbd></th><td>${what}</td></tr>`)}</table>
      <p><label><input type="checkbox" defaultChecked=${stored("keys") !== "off"} onChange=${(event) => store("keys", event.target.checked ? "on" : "off")} /> single keys are on</label></p>
      <form method="dialog"><button>close</button></form></dialog>`;
}

function firstFailure(run) {
  const ended = (task) => run.failures[task.number]?.at(-1)?.time ?? Infinity;
  return run.tasks.filter((task) => task.state === "failed").sort((a, b) => ended(a) - ended(b))[0];
}

function Overview({ run }) {
  return html`<section><h2>Graph</h2><${StepGraph} run=${run} /></section>
    <section><h2>Timeline</h2><${Timeline} run=${run} /></section>
    <section><h2>Steps</h2><div class="wide" tabindex="0" role="group" aria-label="Steps"><table>
      <thead><tr><th scope="col">step</th><th scope="col">tasks</th><th scope="col">states</th><th scope="col">longest</th><th scope="col">decorators</th><th scope="col">what it does</th></tr></thead>
      <tbody>${run.steps.map((step) => html`<tr><th scope="row"><a href=${link("tasks", [], { step: step.name })}>${step.name}</a></th>
        <td class="right">${number(step.tasks.length)}</td>
        <td>${Object.entries(counted(step.tasks)).map(([state, count]) => html`<a class=${"state " + state} href=${link("tasks", [], { step: step.name, state })}>${STATES[state]} ${number(count)} ${state}</a> `)}</td>
        <td class="right">${step.tasks.length ? duration(step.tasks.reduce((most, task) => Math.max(most, task.duration || 0), 0)) : ""}</td>
        <td>${step.decorators.map((text) => html`<code>${text}</code> `)}</td><td>${step.doc}</td></tr>`)}</tbody></table></div></section>`;
}

const stored = (key) => { try { return localStorage.getItem("flowc-" + key); } catch { return null; } };
const store = (key, value) => { try { localStorage.setItem("flowc-" + key, value); } catch { /* a file's storage may be off */ } };

function Theme() {
  const [theme, setTheme] = useState(stored("theme") || "system");
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    store("theme", theme);
    dispatchEvent(new Event("themechange"));
  }, [theme]);
  return html`<label>theme <select value=${theme} onChange=${(event) => setTheme(event.target.value)}><option>system</option><option>light</option><option>dark</option></select></label>`;
}

const root = document.getElementById("app");
const failed = (error) => { root.replaceChildren(`The data of this page cannot be read: ${error.message}`); };
const drawn = (view) => { render(view, root); performance.mark("drawn"); };

function Served({ children }) {
  return html`<nav aria-label="Pages"><a href="/">All runs</a><span class="push"></span></nav>${children}`;
}

const graph = document.getElementById("graph"); // the page of a flow
if (graph) {
  read().then((flow) => render(html`<${StepGraph} run=${flow} address=${(step) => "#step-" + encodeURIComponent(step.name)} />`, graph), failed);
} else if (!isServed) {
  read().then((run) => { root.replaceChildren(); drawn(html`<${Page} run=${run} />`); }, failed);
} else if (location.pathname.startsWith("/run/")) {
  const [flow, name] = location.pathname.split("/").slice(2).map(decodeURIComponent);
  document.title = `${flow}/${name}`;
  followed(flow, name, (run) => drawn(html`<${Served}><${Header} run=${run} /><${Page} run=${run} /></${Served}>`), failed);
} else if (location.pathname === "/compare") {
  drawn(html`<${Served}><${Compare} names=${new URLSearchParams(location.search).getAll("run")} /></${Served}>`);
} else {
  drawn(html`<${Runs} />`);
}
