// Two to four runs side by side: by default only what differs.
import { html, useEffect, useState } from "./html.js";
import { counted, duration, prepared } from "./data.js";
import { asked } from "./served.js";
import { Status } from "./header.js";
import { CardFrame, cardName } from "./frame.js";

export function Compare({ names }) {
  const [runs, setRuns] = useState(null);
  const [all, setAll] = useState(false);
  useEffect(() => {
    Promise.all(names.map((name) => asked("run", ...name.split("/", 2)))).then((answers) => setRuns(answers.map(prepared)), (error) => setRuns(error));
  }, []);
  if (!runs) return html`<main><p role="status">loading</p></main>`;
  if (runs instanceof Error) return html`<main><p>${runs.message}</p></main>`;
  const groups = [
    ["Run", rows(runs, (run) => ({
      status: run.run.status, user: run.run.user, target: run.run.target, tags: run.run.tags.join(", "), code: (run.run.code || "").slice(0, 19),
      python: run.run.python, flowc: run.run.flowc, took: run.run.ended ? duration(Math.round(1000 * (run.run.ended - run.run.started))) : "",
    }))],
    ["Parameters", rows(runs, (run) => run.run.parameters)],
    ["Steps", rows(runs, (run) => Object.fromEntries(run.steps.map((step) => [step.name,
      Object.entries(counted(step.tasks)).map(([state, count]) => `${count} ${state}`).join(", ") + (step.tasks.length ? `, ${duration(longest(step))}` : "not reached")])))],
    ["Artifacts of the last step", rows(runs, artifacts)],
  ];
  return html`<main><h1>${runs.length} runs</h1>
    <p class="bar"><label><input type="checkbox" checked=${all} onChange=${() => setAll(!all)} /> what is the same, too</label></p>
    <div class="wide" tabindex="0" role="group" aria-label="Comparison"><table>
      <thead><tr><td></td>${runs.map((run) => html`<th scope="col"><a href=${"/run/" + encodeURIComponent(run.run.flow) + "/" + encodeURIComponent(run.run.run)}>${run.run.flow}/${run.run.run}</a> <${Status} status=${run.run.status} /></th>`)}</tr></thead>
      ${groups.map(([title, lines]) => {
        const shown = lines.filter(([, values]) => all || new Set(values).size > 1);
        return html`<tbody><tr><th scope="rowgroup" colspan=${runs.length + 1}>${title}</th></tr>
          ${shown.map(([name, values]) => html`<tr class=${new Set(values).size > 1 ? "differs" : ""}><th scope="row">${name}</th>${values.map((value) => html`<td>${value}</td>`)}</tr>`)}
          ${!shown.length && html`<tr><td colspan=${runs.length + 1} class="faint">${lines.length ? "the same" : "none"}</td></tr>`}</tbody>`;
      })}</table></div><${Cards} runs=${runs} /></main>`;
}

// The cards that several of the runs have: of the same task, with the same type and id, of the last attempt.
function Cards({ runs }) {
  const [chosen, setChosen] = useState("");
  const own = runs.map((run) => new Map(run.tasks.flatMap((task) => [...run.cards[task.number] || []].sort((a, b) => a.attempt - b.attempt)
    .map((card) => [`${task.name} ${cardName(card)}`, card]))));
  const names = [...new Set(own.flatMap((cards) => [...cards.keys()]))].filter((name) => own.filter((cards) => cards.has(name)).length > 1);
  if (!names.length) return null;
  const name = names.includes(chosen) ? chosen : names[0];
  return html`<section><h2>Cards</h2>
    <p class="bar"><label>card <select value=${name} onChange=${(event) => setChosen(event.target.value)}>${names.map((each) => html`<option>${each}</option>`)}</select></label></p>
    <div class="cards beside">${runs.map((run, at) => html`<article class="tile"><h3>${run.run.run}</h3>${own[at].has(name)
      ? html`<${CardFrame} key=${own[at].get(name).hash} card=${own[at].get(name)} name=${`${name} of ${run.run.run}`} />` : html`<p class="faint">it has no such card</p>`}</article>`)}</div></section>`;
}

const longest = (step) => step.tasks.reduce((most, task) => Math.max(most, task.duration || 0), 0);

function artifacts(run) {
  const last = run.tasks.findLast((task) => run.artifacts.of[task.number]);
  return last ? Object.fromEntries(run.artifacts.of[last.number].map((number) => {
    const [name, type, , digest, text] = run.artifacts.kinds[number];
    return [name, text || `${type} ${digest}`];
  })) : {};
}

// Returns [[name, [value of each run]]…] of objects of named values.
function rows(runs, read) {
  const columns = runs.map(read);
  const names = [...new Set(columns.flatMap(Object.keys))];
  return names.map((name) => [name, columns.map((column) => column[name] ?? "")]);
}
