// Every card of the run, in a grid. Only frames in view are alive.
import { html, useEffect, useRef, useState } from "./html.js";
import { STATES, number } from "./data.js";
import { go, link, taskLink } from "./route.js";
import { CardFrame, cardName } from "./frame.js";

const SHOWN = 24; // cards, and as many more with each click

export function cardsOf(run) {
  return run.tasks.flatMap((task) => (run.cards[task.number] || []).map((card) => ({ task, card })));
}

export function Cards({ run, query }) {
  const [shown, setShown] = useState(SHOWN);
  const all = cardsOf(run);
  const word = (query.q || "").toLowerCase();
  const rows = all.filter(({ task, card }) => (!query.step || task.step === query.step) && (!query.card || cardName(card) === query.card)
    && (query.attempts === "all" || card.attempt === null || card.attempt === last(run, task, card)) && (!word || `${task.name} ${task.value}`.toLowerCase().includes(word)));
  const set = (change) => { setShown(SHOWN); go(link("cards", [], { ...query, ...change }), true); };
  const choice = (name, key, values) => html`<label>${name} <select value=${query[key] || ""} onChange=${(event) => set({ [key]: event.target.value })}>
    <option value="">all</option>${[...new Set(values)].map((value) => html`<option>${value}</option>`)}</select></label>`;
  return html`<section>
    <form class="bar" role="search" onSubmit=${(event) => event.preventDefault()}>
      <label>find <input type="search" id="find" value=${query.q || ""} placeholder="task or item" onInput=${(event) => set({ q: event.target.value })} /></label>
      ${choice("step", "step", all.map(({ task }) => task.step))}
      ${choice("card", "card", all.map(({ card }) => cardName(card)))}
      <label><input type="checkbox" checked=${query.attempts === "all"} onChange=${(event) => set({ attempts: event.target.checked ? "all" : "" })} /> earlier attempts, too</label>
      <span role="status">${rows.length === 1 ? "1 card" : `${number(rows.length)} cards`}</span>
    </form>
    <div class="cards">${rows.slice(0, shown).map(({ task, card }) => html`<${Tile} key=${card.hash} task=${task} card=${card} />`)}</div>
    ${rows.length > shown && html`<p><button onClick=${() => setShown(shown + SHOWN)}>show ${Math.min(SHOWN, rows.length - shown)} more</button></p>`}
  </section>`;
}

// The last attempt at the task that has such a card.
const last = (run, task, card) => Math.max(...run.cards[task.number].filter((other) => cardName(other) === cardName(card)).map((other) => other.attempt));

function Tile({ task, card }) {
  const box = useRef(null);
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    const watcher = new IntersectionObserver((entries) => setSeen(entries.at(-1).isIntersecting), { rootMargin: "200px" });
    watcher.observe(box.current);
    return () => watcher.disconnect();
  }, []);
  return html`<article class="tile" ref=${box}>
    <h2><span class=${"state " + task.state}>${STATES[task.state]}</span> <a href=${taskLink(task, task.attempts > 1 && card.attempt !== null ? { attempt: card.attempt } : {})}>${task.name}</a>
      <span class="faint"> ${cardName(card)}${task.attempts > 1 && card.attempt !== null ? `, attempt ${card.attempt}` : ""} ${task.value}</span></h2>
    ${isSeen ? html`<${CardFrame} card=${card} name=${`${cardName(card)} of ${task.name}`} />` : html`<div class="place"></div>`}</article>`;
}
