// The log of an attempt: streams, times, colours, search. Only the lines in view are drawn. Of a long log the page has
// the first lines and the end; `ask`, which a server answers, finds texts in all of it and gives the lines around one.
import { html, useEffect, useMemo, useRef, useState } from "./html.js";
import { download } from "./tasks.js";

const LINE = 18; // pixels
const PAUSE = 250; // milliseconds without a key before the server is asked

// eslint-disable-next-line no-control-regex
const ESCAPES = /\u001b\[([0-9;]*)m|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[@-_][0-?]*[ -/]*[@-~]?|[\u0000-\u0008\u000b-\u001f\u007f]/g;

// Returns [[text, class]…]: colours become classes, other control sequences are dropped.
export function coloured(text) {
  const parts = [];
  let at = 0, style = new Set();
  for (const match of text.matchAll(ESCAPES)) {
    if (match.index > at) parts.push([text.slice(at, match.index), [...style].join(" ")]);
    at = match.index + match[0].length;
    if (match[1] === undefined) continue;
    for (const code of (match[1] || "0").split(";").map(Number)) {
      if (code === 0) style = new Set();
      else if (code === 1) style.add("bold");
      else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) {
        for (const name of [...style]) if (name.startsWith("ansi")) style.delete(name);
        style.add("ansi" + code % 10);
      } else if (code === 39) for (const name of [...style]) if (name.startsWith("ansi")) style.delete(name);
    }
  }
  if (at < text.length || !parts.length) parts.push([text.slice(at), [...style].join(" ")]);
  return parts;
}

const bare = (text) => text.replace(ESCAPES, "");

export function pattern(q, isRegex) {
  if (!q) return null;
  try {
    return new RegExp(isRegex ? q : q.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "i");
  } catch { return null; }
}

export function Log({ log, name, ask, line: wanted, to, follows }) {
  const [streams, setStreams] = useState("both");
  const [times, setTimes] = useState("");
  const [isFollowing, setFollowing] = useState(false);
  const [q, setQ] = useState("");
  const [isRegex, setRegex] = useState(false);
  const [only, setOnly] = useState(false);
  const [at, setAt] = useState(0);
  const [top, setTop] = useState(0);
  const [wrap, setWrap] = useState(false);
  const [far, setFar] = useState(null); // what the server has found
  const [part, setPart] = useState(null); // lines around one of those
  const box = useRef(null);
  const asks = ask && log.cut > 0 && q && !isRegex;
  useEffect(() => {
    setPart(null);
    setFar(null);
    if (!asks) return;
    let isOver = false;
    const timer = setTimeout(() => ask("find", { q, stream: streams }).then((answer) => isOver || setFar(answer), () => {}), PAUSE);
    return () => { isOver = true; clearTimeout(timer); };
  }, [q, asks, streams, log]);
  const open = (number) => ask("log", { around: number }).then((answer) => setPart({ ...answer, chosen: number }), () => {});
  const lines = useMemo(() => {
    const kept = [];
    const isOf = (stream) => streams === "both" || stream === (streams === "stderr" ? 1 : 0);
    if (part) return part.lines.flatMap(([time, stream, text], at) => isOf(stream) || part.first + at === part.chosen ? [{ time, stream, text, number: part.first + at }] : []);
    if (far) {
      for (const [number, time, stream, text] of far.lines) kept.push({ time, stream, text, number, opens: true });
      if (far.count > far.lines.length) kept.push({ note: `… ${far.count - far.lines.length} more`, number: "" });
      return kept;
    }
    log.lines.forEach(([time, stream, text], number) => {
      if (log.cut && number === log.cut_at) kept.push({ note: `… ${log.cut} lines are left out; flowc logs ${name} prints all`, number: "" });
      if (isOf(stream)) kept.push({ time, stream, text, number: number + 1 + (log.cut && number >= log.cut_at ? log.cut : 0) });
    });
    return kept;
  }, [log, streams, far, part]);
  const find = pattern(q, isRegex);
  const hits = useMemo(() => find ? lines.flatMap((line, row) => line.text !== undefined && find.test(bare(line.text)) ? [row] : []) : [], [lines, q, isRegex]);
  const shown = only && find && !far ? hits.map((row) => lines[row]) : lines;
  const next = (step) => {
    if (!hits.length) return;
    const to = (at + step + hits.length) % hits.length;
    setAt(to);
    const row = shown === lines ? hits[to] : to;
    if (wrap) box.current.querySelector(`[data-row="${row}"]`)?.scrollIntoView({ block: "center" });
    else box.current.scrollTop = Math.max(0, row * LINE - box.current.clientHeight / 2);
  };
  useEffect(() => { setAt(0); }, [q, isRegex, streams]);
  useEffect(() => {
    if (!box.current || !(far || part)) return;
    const row = part ? lines.findIndex((line) => line.number === part.chosen) : 0;
    setAt(Math.max(0, hits.indexOf(row)));
    box.current.scrollTop = Math.max(0, row * LINE - box.current.clientHeight / 2);
  }, [far, part]);
  useEffect(() => { // a link to a line: of a long log, the server may have what the page lacks
    const row = lines.findIndex((line) => line.number === wanted);
    if (!wanted || !box.current) return;
    if (row >= 0) box.current.scrollTop = Math.max(0, row * LINE - box.current.clientHeight / 2);
    else if (ask && log.cut && !part) open(wanted);
  }, [wanted, log]);
  useEffect(() => { if (isFollowing && box.current) box.current.scrollTop = box.current.scrollHeight; }, [log, isFollowing]);
  const start = useMemo(() => log.lines.find(([time]) => time)?.[0] ?? 0, [log]);
  const told = (time) => times === "clock" ? new Date(time).toISOString().slice(11, 23) : `+${((time - start) / 1000).toFixed(3)} s`;
  useEffect(() => {
    const keys = (event) => {
      if (event.target.closest("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "n") next(1);
      if (event.key === "N") next(-1);
      if (event.key === "w") setWrap(!wrap);
    };
    addEventListener("keydown", keys);
    return () => removeEventListener("keydown", keys);
  });
  const first = wrap ? 0 : Math.max(0, Math.floor(top / LINE) - 10), last = wrap ? shown.length : Math.min(shown.length, first + 60);
  const text = () => shown.map((line) => line.note ?? bare(line.text)).join("\n") + "\n";
  return html`<div>
    <div class="bar">
      <label>find <input type="search" id="find" value=${q} onInput=${(event) => setQ(event.target.value)}
        onKeyDown=${(event) => event.key === "Enter" && next(event.shiftKey ? -1 : 1)} /></label>
      <span role="status">${q ? (!find ? "not a valid expression" : far && !part ? `${far.count} in the whole log` : `${hits.length ? at + 1 : 0} of ${hits.length}`) : lines.length === 1 ? "1 line" : `${lines.length} lines`}</span>
      <button onClick=${() => next(1)} disabled=${!hits.length}>next</button>
      ${part && html`<button onClick=${() => setPart(null)}>all hits</button>`}
      <label><input type="checkbox" checked=${isRegex} onChange=${() => setRegex(!isRegex)} /> regex</label>
      <label><input type="checkbox" checked=${only} onChange=${() => setOnly(!only)} /> only hits</label>
      <label><input type="checkbox" checked=${wrap} onChange=${() => setWrap(!wrap)} /> wrap</label>
      <label>times <select value=${times} onChange=${(event) => setTimes(event.target.value)}><option value="">none</option><option value="clock">UTC</option><option value="since">relative</option></select></label>
      <label>stream <select value=${streams} onChange=${(event) => setStreams(event.target.value)}><option>both</option><option>stdout</option><option>stderr</option></select></label>
      ${follows && html`<label><input type="checkbox" checked=${isFollowing} onChange=${() => setFollowing(!isFollowing)} /> follow</label>`}
      <button disabled=${!hits.length} title="link to this hit" onClick=${() => { location.hash = to(lines[hits[Math.min(at, hits.length - 1)]].number); }}>link</button>
      <button onClick=${() => navigator.clipboard?.writeText(text())}>copy</button>
      <button onClick=${() => download(text(), name.replaceAll("/", "-") + ".log", "text/plain")}>download</button>
    </div>
    <div class=${"log" + (wrap ? " wrap" : "")} tabindex="0" role="region" aria-label=${"Log of " + name} ref=${box} onScroll=${(event) => setTop(event.target.scrollTop)}>
      <div style=${wrap ? "" : `height:${shown.length * LINE}px;position:relative`}>
        ${shown.slice(first, last).map((line, offset) => {
          const row = first + offset, isHit = find && line.text !== undefined && find.test(bare(line.text));
          return html`<div key=${row} data-row=${row} class=${"out" + (line.stream ? " stderr" : "") + (isHit ? " hit" : "") + (isHit && (shown === lines ? hits[at] === row : at === row) ? " now" : "") + (wanted && line.number === wanted ? " wanted" : "")} style=${wrap ? "" : `top:${row * LINE}px`}>
            ${line.opens ? html`<button class="number" title="the lines around it" onClick=${() => open(line.number)}>${line.number}</button>` : html`<a class="faint number" tabindex="-1" href=${line.number && to(line.number)}>${line.number}</a>`}${times && line.time ? html`<span class="faint">${told(line.time)} </span>` : ""}${
            line.note !== undefined ? html`<em>${line.note}</em>` : coloured(line.text).map(([part, style]) => style ? html`<span class=${style}>${part}</span>` : part)}</div>`;
        })}
      </div>
    </div></div>`;
}
