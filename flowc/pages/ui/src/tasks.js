// Every task, in a grid that draws only the rows in view.
import { html, useEffect, useMemo, useRef, useState } from "./html.js";
import { STATES, clock, duration, number } from "./data.js";
import { current, go, link, taskLink } from "./route.js";

const ROW = 28; // pixels

const COLUMNS = [
  ["step", "step"], ["path", "path"], ["value", "item"], ["state", "state"], ["attempts", "attempts"],
  ["begin", "started"], ["duration", "duration"],
];

const CONTAINER = [...COLUMNS.slice(0, 4), ["container", "container"], ...COLUMNS.slice(4)]; // of a run in which tasks share them

const columnsOf = (run) => run.containers.length ? CONTAINER : COLUMNS;

export function filtered(run, { step = "", state = "", container = "", q = "", sort = "" }) {
  const word = q.toLowerCase();
  const longer = /^>\s*([\d.]+)$/.exec(q), least = longer && Number(longer[1]) * 1000;
  const kept = run.tasks.filter((task) => (!step || task.step === step) && (!state || task.state === state) && (!container || task.container === container)
    && (!word || (longer ? task.duration >= least : task.name.toLowerCase().includes(word) || task.value.toLowerCase().includes(word))));
  if (sort) {
    const key = sort.replace(/^-/, ""), sign = sort.startsWith("-") ? -1 : 1;
    kept.sort((a, b) => {
      const one = a[key], two = b[key];
      if (one === two) return a.number - b.number;
      if (one === null) return 1;
      if (two === null) return -1;
      return sign * (key === "path" || key === "step" || key === "state" || key === "value" || key === "container"
        ? String(one).localeCompare(String(two), undefined, { numeric: true }) : one - two);
    });
  }
  return kept;
}

export function Tasks({ run, query }) {
  const rows = useMemo(() => filtered(run, query), [run, query.step, query.state, query.container, query.q, query.sort]);
  const columns = columnsOf(run);
  const [top, setTop] = useState(0);
  const [chosen, setChosen] = useState(0);
  const box = useRef(null);
  const set = (change) => go(link("tasks", [], { ...query, ...change }), true);
  const tall = 20; // rows in view
  const first = Math.max(0, Math.floor(top / ROW) - 5), last = Math.min(rows.length, first + tall + 15);
  useEffect(() => {
    const keys = (event) => {
      if (event.target.closest("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
      const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1, PageDown: tall, PageUp: -tall }[event.key];
      if (step && (event.key.length === 1 || box.current.contains(document.activeElement))) {
        event.preventDefault();
        const next = Math.min(rows.length - 1, Math.max(0, chosen + step));
        setChosen(next);
        if (next * ROW < box.current.scrollTop) box.current.scrollTop = next * ROW;
        if ((next + 2) * ROW > box.current.scrollTop + box.current.clientHeight) box.current.scrollTop = (next + 2) * ROW - box.current.clientHeight;
      }
      if (event.key === "Enter" && rows[chosen] && !event.target.closest("a, button, summary")) go(taskLink(rows[chosen]));
    };
    addEventListener("keydown", keys);
    return () => removeEventListener("keydown", keys);
  });
  useEffect(() => { if (box.current) box.current.scrollTop = 0; setTop(0); setChosen(0); }, [query.step, query.state, query.container, query.q, query.sort]);
  return html`<section>
    <form class="bar" role="search" onSubmit=${(event) => event.preventDefault()}>
      <label>find <input type="search" id="find" value=${query.q || ""} placeholder="name, item or >SECONDS" onInput=${(event) => set({ q: event.target.value })} /></label>
      <label>step <select value=${query.step || ""} onChange=${(event) => set({ step: event.target.value })}>
        <option value="">all</option>${run.steps.filter((step) => step.tasks.length).map((step) => html`<option>${step.name}</option>`)}</select></label>
      <label>state <select value=${query.state || ""} onChange=${(event) => set({ state: event.target.value })}>
        <option value="">all</option>${Object.keys(STATES).map((state) => html`<option>${state}</option>`)}</select></label>
      ${run.containers.length > 0 && html`<label>container <select value=${query.container || ""} onChange=${(event) => set({ container: event.target.value })}>
        <option value="">all</option>${run.containers.map((name) => html`<option value=${name}>${place(name)}</option>`)}</select></label>`}
      <span role="status">${rows.length === run.tasks.length ? `${number(rows.length)} tasks` : `${number(rows.length)} of ${number(run.tasks.length)} tasks`}</span>
      <button type="button" onClick=${() => save(rows, run)}>CSV</button>
    </form>
    <div class=${"grid" + (run.containers.length ? " shared" : "")} role="grid" aria-label="Tasks" aria-rowcount=${rows.length + 1} tabindex="0" ref=${box}
         onScroll=${(event) => setTop(event.target.scrollTop)}>
      <div role="row" aria-rowindex="1" class="line head">${columns.map(([key, name]) => {
        const sorted = query.sort === key ? "ascending" : query.sort === "-" + key ? "descending" : "none";
        return html`<div role="columnheader" aria-sort=${sorted} class=${"c-" + key}><button onClick=${() =>
          set({ sort: query.sort === key ? "-" + key : query.sort === "-" + key ? "" : key })}>${name}${{ ascending: " ↑", descending: " ↓", none: "" }[sorted]}</button></div>`;
      })}</div>
      <div role="rowgroup" style=${`height:${rows.length * ROW}px;position:relative`}>
        ${rows.slice(first, last).map((task, offset) => {
          const at = first + offset;
          return html`<div role="row" key=${task.number} aria-rowindex=${at + 2} aria-selected=${at === chosen}
              class=${"line " + task.state + (at === chosen ? " chosen" : "")} style=${`top:${at * ROW}px`} onClick=${() => { setChosen(at); go(taskLink(task)); }}>
            <div role="gridcell" class="c-step">${task.step}</div>
            <div role="gridcell" class="c-path"><a href=${taskLink(task)} tabindex="-1">${task.path}</a></div>
            <div role="gridcell" class="c-value" title=${task.value}>${task.value}</div>
            <div role="gridcell" class="c-state"><span class=${"state " + task.state}>${STATES[task.state]} ${task.state}</span></div>
            ${run.containers.length > 0 && html`<div role="gridcell" class="c-container" title=${place(task.container)}>${place(task.container)}</div>`}
            <div role="gridcell" class="c-attempts">${task.attempts}</div>
            <div role="gridcell" class="c-begin">${task.begin === null ? "" : clock(run.t0 + task.begin)}</div>
            <div role="gridcell" class="c-duration">${duration(task.duration)}</div>
          </div>`;
        })}
      </div>
    </div></section>`;
}

// A container is called by the step and the path that the engine started it with.
const place = (name) => name.replace(/\/-$/, "");

// A cell that begins like a formula would be run by a spreadsheet.
const cell = (value) => {
  const text = String(value ?? "");
  return `"${(/^[=+\-@\t\r]/.test(text) && text !== "-" ? "'" + text : text).replaceAll('"', '""')}"`;
};

export function csv(rows, run) {
  const columns = columnsOf(run);
  const lines = [columns.map(([, name]) => cell(name)).join(",")];
  for (const task of rows) {
    lines.push(columns.map(([key]) => cell(key === "begin" && task.begin !== null ? new Date(run.t0 + task.begin).toISOString() : task[key])).join(","));
  }
  return lines.join("\r\n") + "\r\n";
}

function save(rows, run) {
  download(csv(rows, run), `${run.run.flow}-${run.run.run}.csv`, "text/csv");
}

export function download(text, name, type) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
