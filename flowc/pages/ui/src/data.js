// The run's data (flowc/pages/run_data.py) as the views use it.

async function text() {
  const element = document.getElementById("data");
  if (element.type === "application/json") return element.textContent;
  const bytes = Uint8Array.from(atob(element.textContent), (char) => char.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
}

function expanded(runs) {
  const column = [];
  for (const [item, count] of runs) for (let n = 0; n < count; n++) column.push(item);
  return column;
}

// Numbers that were written as differences (flowc/pages/run_page.py).
function sums(differences) {
  let sum = 0;
  return differences.map((difference) => difference === null ? null : (sum += difference));
}

export const read = async () => prepared(JSON.parse(await text()));

export function prepared(data) {
  const columns = data.tasks;
  const begin = columns.begin || sums(columns.later);
  const steps = expanded(columns.step), attempts = expanded(columns.attempts), container = expanded(columns.container || []);
  const tasks = columns.path.map((path, number) => ({
    number, path, step: steps[number], attempts: attempts[number],
    state: columns.states[columns.state[number]],
    begin: begin[number], duration: columns.duration[number], value: columns.value[number] || "",
    name: path === "-" ? steps[number] : `${steps[number]}/${path}`,
    container: container[number] ? columns.containers[container[number] - 1] : "",
  }));
  const byStep = new Map(data.steps.map((step) => [step.name, { ...step, tasks: [] }]));
  for (const task of tasks) {
    if (!byStep.has(task.step)) byStep.set(task.step, { name: task.step, kind: "step", doc: "", targets: [], decorators: [], tasks: [] });
    byStep.get(task.step).tasks.push(task);
  }
  const ends = tasks.filter((task) => task.begin !== null).map((task) => task.begin + (task.duration || 0));
  return {
    ...data, tasks, t0: columns.t0, steps: [...byStep.values()], byStep, containers: columns.containers || [], lastBegin: columns.last || {},
    byName: new Map(tasks.map((task) => [`${task.step}/${task.path}`, task])),
    length: Math.max(1, ends.reduce((most, end) => Math.max(most, end), 0)),
  };
}

export const STATES = {
  done: "✓", reused: "↺", failed: "✗", retrying: "↻", unfinished: "…",
};

// Returns the chain of tasks that the run waited for: from the one that ended last, back along the graph, each time to
// the predecessor that ended last. Predecessors are of the same items, as far as both have them.
export function critical(run) {
  const ended = (task) => task.begin === null || task.duration === null ? -1 : task.begin + task.duration;
  const before = new Map();
  for (const step of run.steps) for (const [target] of step.targets) before.set(target, [...before.get(target) || [], step.name]);
  const last = (tasks) => tasks.reduce((best, task) => ended(task) > (best ? ended(best) : -1) ? task : best, null);
  const places = (task) => task.path === "-" ? [] : task.path.split("~")[0].split(".");
  const related = (one, other) => { const a = places(one), b = places(other); return a.every((part, at) => at >= b.length || part === b[at]); };
  const chain = [];
  let task = last(run.tasks);
  while (task && !chain.includes(task) && chain.length < 10_000) {
    chain.push(task);
    const here = task;
    task = last((before.get(here.step) || []).flatMap((name) => run.byStep.get(name)?.tasks.filter((other) => other !== here
      && ended(other) <= here.begin + 1 && related(here, other)) || []));
  }
  return chain.reverse();
}

export function counted(tasks) {
  const counts = {};
  for (const task of tasks) counts[task.state] = (counts[task.state] || 0) + 1;
  return counts;
}

export function duration(ms) {
  if (ms === null || ms === undefined) return "";
  if (ms < 1000) return `${ms} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60), rest = String(Math.floor(seconds % 60)).padStart(2, "0");
  if (minutes < 60) return `${minutes}:${rest} min`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest} h`;
}

export function clock(ms) {
  return new Date(ms).toLocaleTimeString(undefined, { hour12: false });
}

// As the header of a written page has it (flowc/pages/run_page.py).
export const number = (count) => count.toLocaleString("en");

export function size(bytes) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let at = 0;
  while (bytes >= 1000 && at < units.length - 1) { bytes /= 1000; at++; }
  return `${at && bytes < 10 ? bytes.toFixed(1) : Math.round(bytes)} ${units[at]}`;
}
