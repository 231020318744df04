// When the tasks ran: a row per step. A step of many tasks is a strip of states by time, which opens to its tasks.
import { html, useEffect, useRef, useState } from "./html.js";
import { STATES, clock, counted, duration } from "./data.js";
import { link, taskLink } from "./route.js";

const OPENED = 200; // tasks that a step opens to
const ORDER = ["done", "reused", "unfinished", "retrying", "failed"]; // the last one wins a pixel

export function Timeline({ run }) {
  const [range, setRange] = useState([0, run.length]);
  const [open, setOpen] = useState({});
  const rows = run.steps.filter((step) => step.tasks.length);
  const zoomed = range[0] > 0 || range[1] < run.length;
  const zoom = (factor) => {
    const middle = (range[0] + range[1]) / 2, half = (range[1] - range[0]) / 2 * factor;
    setRange([Math.max(0, middle - half), Math.min(run.length, middle + half)]);
  };
  return html`<div class="timeline">
    <div class="bar">
      <span class="faint">${clock(run.t0 + range[0])} to ${clock(run.t0 + range[1])} (${duration(Math.round(range[1] - range[0]))}); drag over a row to zoom</span>
      <button onClick=${() => zoom(.5)} aria-label="Zoom in">+</button>
      <button onClick=${() => zoom(2)} disabled=${!zoomed} aria-label="Zoom out">−</button>
      <button onClick=${() => setRange([0, run.length])} disabled=${!zoomed}>all</button>
    </div>
    ${rows.map((step) => html`<${Row} key=${step.name} run=${run} step=${step} range=${range} setRange=${setRange}
      isOpen=${open[step.name]} toggle=${() => setOpen({ ...open, [step.name]: !open[step.name] })} />`)}
  </div>`;
}

function Row({ run, step, range, setRange, isOpen, toggle }) {
  const several = step.tasks.length > 1;
  const told = Object.entries(counted(step.tasks)).map(([state, count]) => `${count} ${state}`).join(", ");
  return html`<div class="row">
    <div class="label">${several
      ? html`<button class="fold" aria-expanded=${!!isOpen} onClick=${toggle}>${isOpen ? "▾" : "▸"} ${step.name} <span class="faint">${step.tasks.length}</span></button>`
      : html`<a href=${taskLink(step.tasks[0])}>${step.name}</a>`}</div>
    <${Strip} tasks=${step.tasks} range=${range} setRange=${setRange} label=${`${step.name}: ${told}`} />
  </div>
  ${isOpen && step.tasks.slice(0, OPENED).map((task) => html`<div class="row inner" key=${task.path}>
    <div class="label"><a href=${taskLink(task)}>${STATES[task.state]} ${task.path}</a> <span class="faint">${task.value}</span></div>
    <${Strip} tasks=${[task]} range=${range} setRange=${setRange} label=${`${task.name}: ${task.state}, ${duration(task.duration)}`} />
  </div>`)}
  ${isOpen && step.tasks.length > OPENED && html`<div class="row inner"><div class="label">
    <a href=${link("tasks", [], { step: step.name })}>all ${step.tasks.length} tasks</a></div></div>`}`;
}

function Strip({ tasks, range, setRange, label }) {
  const canvas = useRef(null);
  const [drag, setDrag] = useState(null);
  useEffect(() => {
    const draw = () => paint(canvas.current, tasks, range, drag);
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

function paint(canvas, tasks, [from, to], drag) {
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
  if (drag) {
    pen.fillStyle = style.getPropertyValue("--veil");
    const x = (ms) => (ms - from) / (to - from) * width;
    pen.fillRect(x(Math.min(...drag)), 0, Math.abs(x(drag[1]) - x(drag[0])), height);
  }
}
