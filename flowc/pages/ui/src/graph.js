// The graph of steps: a bar of task states in each node; a node leads to its tasks.
import { Graph, layout } from "@dagrejs/dagre";
import { html } from "./html.js";
import { counted, duration, number } from "./data.js";
import { link, taskLink } from "./route.js";

const MOST = 300; // steps that are drawn
const HEIGHT = 46;
const LEAST = .7; // of its size: a wider graph is drawn smaller, down to this, and then scrolls

function placed(run) {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: 14, ranksep: 38, marginx: 6, marginy: 6 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const step of run.steps) {
    graph.setNode(step.name, { width: Math.min(240, Math.max(128, step.name.length * 8 + 26, noteOf(step).length * 6 + 20, step.over ? step.over.length * 6 + 84 : 0)), height: HEIGHT });
  }
  for (const step of run.steps) {
    for (const [target, label] of step.targets) {
      if (run.byStep.has(target)) graph.setEdge(step.name, target, { label, width: label.length * 6, height: 12 }, label || undefined);
    }
  }
  layout(graph);
  return graph;
}

// What a node says below the step's name.
function noteOf(step) {
  const spent = step.tasks.reduce((sum, task) => sum + (task.duration || 0), 0), total = step.tasks.length;
  return (total > 1 ? `${number(total)} tasks · ` : "") + (total ? duration(spent) : "not reached");
}

// The steps of which there are several tasks: drawn as a stack.
function stacked(run) {
  const names = new Set(run.steps.filter((step) => step.tasks.length > 1).map((step) => step.name));
  for (const step of run.steps) if (["foreach", "parallel"].includes(step.kind)) for (const [target] of step.targets) names.add(target);
  return names;
}

let cached = null; // the layout: a run's graph never changes, and what nodes say hardly gets longer

export function StepGraph({ run, address }) {
  if (run.steps.length > MOST) return html`<p class="faint">The graph has ${run.steps.length} steps: see the table below.</p>`;
  const graph = cached || (cached = placed(run)), stacks = stacked(run);
  const { width, height } = graph.graph();
  const edges = graph.edges().map((key) => {
    const edge = graph.edge(key);
    const path = edge.points.map(({ x, y }, at) => `${at ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join("");
    return html`<g class="edge"><path d=${path} marker-end="url(#tip)" />${
      edge.label && html`<text x=${edge.x} y=${edge.y}>${edge.label}</text>`}</g>`;
  });
  return html`<div class="wide graph" tabindex="0" role="group" aria-label="Graph of the steps">
    <svg viewBox=${`0 0 ${width} ${height}`} style=${`width:min(${width}px, max(100%, ${Math.round(width * LEAST)}px))`}>
      <defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
        <path d="M0,0L8,4L0,8z" /></marker></defs>
      ${edges}
      ${run.steps.map((step) => html`<${Node} step=${step} at=${graph.node(step.name)} address=${address} isStack=${stacks.has(step.name)} />`)}
    </svg></div>`;
}

// A step of a run leads to its tasks; one of a flow, which has an `address`, to what the page says of it.
function Node({ step, at, address, isStack }) {
  const left = at.x - at.width / 2, top = at.y - at.height / 2;
  const counts = counted(step.tasks), total = step.tasks.length;
  const told = Object.entries(counts).map(([state, count]) => `${count} ${state}`).join(", ") || "not reached";
  let x = left + 8;
  const inner = at.width - 16;
  const bars = Object.entries(counts).map(([state, count]) => {
    const width = inner * count / total;
    const bar = html`<rect class=${"fill-" + state} x=${x} y=${top + 34} width=${width} height="5" />`;
    x += width;
    return bar;
  });
  const where = address ? address(step) : total === 1 ? taskLink(step.tasks[0]) : link("tasks", [], { step: step.name });
  return html`<a href=${where}>
    <g class=${"node " + (total || address ? "" : "unreached")}>
      <title>${[step.name, step.doc, ...step.decorators, address ? "" : told].filter(Boolean).join("\n")}</title>
      ${isStack && html`<rect class="box" x=${left + 4} y=${top + 4} width=${at.width} height=${at.height} rx="6" />`}
      <rect class="box" x=${left} y=${top} width=${at.width} height=${at.height} rx="6" />
      <text class="name" x=${left + 8} y=${top + 16}>${shortened(step.name, 26)}</text>
      <text class="note" x=${left + 8} y=${top + 28}>${address ? step.over && "for each of " + shortened(step.over, 25) : noteOf(step)}</text>
      ${bars}
    </g></a>`;
}

const shortened = (text, most) => text.length > most ? text.slice(0, most - 1) + "…" : text;
