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

export const read = async () => prepared(JSON.parse(await text()));

export function prepared(data) {
  const columns = data.tasks;
  const steps = expanded(columns.step), attempts = expanded(columns.attempts);
  const tasks = columns.path.map((path, number) => ({
    number, path, step: steps[number], attempts: attempts[number],
    state: columns.states[columns.state[number]],
    begin: columns.begin[number], duration: columns.duration[number], value: columns.value[number] || "",
    name: path === "-" ? steps[number] : `${steps[number]}/${path}`,
  }));
  const byStep = new Map(data.steps.map((step) => [step.name, { ...step, tasks: [] }]));
  for (const task of tasks) {
    if (!byStep.has(task.step)) byStep.set(task.step, { name: task.step, kind: "step", doc: "", targets: [], decorators: [], tasks: [] });
    byStep.get(task.step).tasks.push(task);
  }
  const ends = tasks.filter((task) => task.begin !== null).map((task) => task.begin + (task.duration || 0));
  return {
    ...data, tasks, t0: columns.t0, steps: [...byStep.values()], byStep,
    byName: new Map(tasks.map((task) => [`${task.step}/${task.path}`, task])),
    length: Math.max(1, ends.reduce((most, end) => Math.max(most, end), 0)),
  };
}

export const STATES = {
  done: "✓", reused: "↺", failed: "✗", retrying: "↻", unfinished: "…",
};

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

export function size(bytes) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let at = 0;
  while (bytes >= 1000 && at < units.length - 1) { bytes /= 1000; at++; }
  return `${at && bytes < 10 ? bytes.toFixed(1) : Math.round(bytes)} ${units[at]}`;
}
