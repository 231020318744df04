// When the tasks ran: a row per step. A step of many tasks is a strip of states by time, which opens to its tasks.
import { html, useEffect, useMemo, useRef, useState } from "./html.js";
import { STATES, clock, counted, critical, duration, number } from "./data.js";
import { link, taskLink } from "./route.js";

const OPENED = 200; // tasks that a step opens to
const ORDER = ["done", "reused", "unfinished", "retrying", "failed"]; // the last one wins a pixel

export function Timeline({ run }) {
  const [range, setRange] = useState([0, run.length]);
  const [open, setOpen] = useState({});
  const chain = useMemo(() => new Set(critical(run)), [run]);
  const rows = run.steps.filter((step) => step.tasks.length);
  const zoomed = range[0] > 0 || range[1] < run.length;
  const zoom = (factor) => {
    const middle = (range[0] + range[1]) / 2, half = (range[1] - range[0]) / 2 * factor;
    setRange([Math.max(0, middle - half), Math.min(run.length, middle + half)]);
  };
  const pan = (part) => {
    const by = Math.max(-range[0], Math.min(run.length - range[1], (range[1] - range[0]) * part));
    setRange([range[0] + by, range[1] + by]);
  };
  const keys = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("a")) return;
    const work = { "+": () => zoom(.5), "-": () => zoom(2), 0: () => setRange([0, run.length]), ArrowLeft: () => pan(-.25), ArrowRight: () => pan(.25) }[event.key];
    if (work) { event.preventDefault(); work(); }
  };
  return html`<div class="timeline" role="group" aria-label="Timeline" tabindex="0" onKeyDown=${keys}>
    <div class="bar">
      <span class="faint">${clock(run.t0 + range[0])} to ${clock(run.t0 + range[1])} (${duration(Math.round(range[1] - range[0]))}); drag over a row to zoom</span>${chain.size > 1 && html`
      <span class="faint"><span class="path" aria-hidden="true">━</span> what the run waited for</span>`}
      <button onClick=${() => zoom(.5)} aria-label="Zoom in">+</button>
      <button onClick=${() => zoom(2)} disabled=${!zoomed} aria-label="Zoom out">−</button>
      <button onClick=${() => setRange([0, run.length])} disabled=${!zoomed}>all</button>
    </div>
    ${rows.map((step) => html`<${Row} key=${step.name} run=${run} step=${step} range=${range} setRange=${setRange} chain=${chain}
      isOpen=${open[step.name]} toggle=${() => setOpen({ ...open, [step.name]: !open[step.name] })} />`)}
  </div>`;
}

function Row({ run, step, range, setRange, chain, isOpen, toggle }) {
  const several = step.tasks.length > 1;
  const told = Object.entries(counted(step.tasks)).map(([state, count]) => `${number(count)} ${state}`).join(", ");
  return html`<div class="row">
    <div class="label">${several
      ? html`<button class="fold" aria-expanded=${!!isOpen} onClick=${toggle}>${isOpen ? "▾" : "▸"} ${step.name} <span class="faint">${number(step.tasks.length)}</span></button>`
      : html`<a href=${taskLink(step.tasks[0])}>${step.name}</a>`}</div>
    <${Strip} run=${run} tasks=${step.tasks} range=${range} setRange=${setRange} chain=${chain} label=${`${step.name}: ${told}`} />
  </div>
  ${isOpen && step.tasks.slice(0, OPENED).map((task) => html`<div class="row inner" key=${task.path}>
    <div class="label"><a href=${taskLink(task)}>${STATES[task.state]} ${task.path}</a> <span class="faint">${task.value}</span></div>
    <${Strip} run=${run} tasks=${[task]} range=${range} setRange=${setRange} chain=${chain} label=${`${task.name}: ${task.state}, ${duration(task.duration)}${task.attempts > 1 ? `, ${task.attempts} attempts` : ""}`} />
  </div>`)}
  ${isOpen && step.tasks.length > OPENED && html`<div class="row inner"><div class="label">
    <a href=${link("tasks", [], { step: step.name })}>all ${number(step.tasks.length)} tasks</a></div></div>`}`;
}

function Strip({ run, tasks, range, setRange, chain, label }) {
  const canvas = useRef(null);
  const [drag, setDrag] = useState(null);
  useEffect(() => {
    const draw = () => paint(canvas.current, run, tasks, range, chain, drag);
    draw();
    const watcher = new ResizeObserver(draw);
    watcher.observe(canvas.current);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", draw);
    addEventListener("themechange", draw);
    return () => { watcher.disconnect(); scheme.removeEventListener("change", draw); removeEventListener("themechange", draw); };
  });
  const at = (event) => {
    const box = canvas.current.getBoundingClientRect();
    return range[0] + (range[1] - range[0]) * Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  return html`<canvas class="strip" ref=${canvas} role="img" aria-label=${label} title=${label}
    onPointerDown=${(event) => { canvas.current.setPointerCapture(event.pointerId); setDrag([at(event), at(event)]); }}
    onPointerMove=${(event) => drag && setDrag([drag[0], at(event)])}
    onPointerUp=${() => {
      if (drag && Math.abs(drag[1] - drag[0]) > (range[1] - range[0]) / 50) setRange([Math.min(...drag), Math.max(...drag)]);
      setDrag(null);
    }}></canvas>`;
}

// Returns [[begin, end, state]…] of one task: each failed attempt, and the last one. Between them it waited.
function attempts(run, task, to) {
  const parts = [];
  let end = task.begin;
  for (const failure of run.failures[task.number] || []) {
    if (!failure.started || !failure.time) return null;
    end = failure.time * 1000 - run.t0;
    parts.push([failure.started * 1000 - run.t0, end, "failed"]);
  }
  const last = task.duration === null ? to : task.begin + task.duration;
  if (last > end + 1 || !parts.length) parts.push([parts.length ? run.lastBegin[task.number] ?? end : task.begin, last, task.state]);
  return parts;
}

function paint(canvas, run, tasks, [from, to], chain, drag) {
  if (!canvas || !canvas.clientWidth) return;
  const ratio = devicePixelRatio || 1, width = Math.round(canvas.clientWidth * ratio), height = Math.round(canvas.clientHeight * ratio);
  canvas.width = width; canvas.height = height;
  const pen = canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
  const column = new Uint8Array(width), count = new Uint16Array(width);
  for (const task of tasks) {
    if (task.begin === null) continue;
    const end = task.begin + (task.duration === null ? to - task.begin : task.duration);
    if (end < from || task.begin > to) continue;
    const left = Math.max(0, Math.floor((task.begin - from) / (to - from) * width));
    const right = Math.min(width - 1, Math.max(left, Math.ceil((end - from) / (to - from) * width) - 1));
    const rank = ORDER.indexOf(task.state) + 1;
    for (let x = left; x <= right; x++) { if (rank > column[x]) column[x] = rank; if (count[x] < 65535) count[x]++; }
  }
  const most = count.reduce((a, b) => Math.max(a, b), 1);
  for (let x = 0; x < width; x++) {
    if (!column[x]) continue;
    const tall = Math.max(3 * ratio, height * (most > 1 ? .25 + .75 * count[x] / most : 1));
    pen.fillStyle = style.getPropertyValue("--" + ORDER[column[x] - 1]);
    pen.fillRect(x, height - tall, 1, tall);
  }
  const x = (ms) => (ms - from) / (to - from) * width;
  if (tasks.length === 1 && tasks[0].attempts > 1 && tasks[0].begin !== null) {
    const parts = attempts(run, tasks[0], to);
    if (parts) {
      pen.clearRect(0, 0, width, height);
      pen.fillStyle = style.getPropertyValue("--faint");
      pen.fillRect(x(parts[0][0]), height / 2, x(parts.at(-1)[1]) - x(parts[0][0]), ratio);
      for (const [begin, end, state] of parts) {
        pen.fillStyle = style.getPropertyValue("--" + state);
        pen.fillRect(x(begin), 0, Math.max(2 * ratio, x(end) - x(begin)), height);
      }
    }
  }
  pen.fillStyle = style.getPropertyValue("--text");
  for (const task of tasks) {
    if (chain.has(task) && task.begin !== null) pen.fillRect(x(task.begin), height - 2 * ratio, Math.max(2 * ratio, x(task.begin + (task.duration || 0)) - x(task.begin)), 2 * ratio);
  }
  if (drag) {
    pen.fillStyle = style.getPropertyValue("--veil");
    pen.fillRect(x(Math.min(...drag)), 0, Math.abs(x(drag[1]) - x(drag[0])), height);
  }
}
