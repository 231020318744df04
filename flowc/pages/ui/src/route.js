// The view is in the address' fragment, so that links work from a disk: #/task/train/3?attempt=1&tab=log
export function current() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [view = "", ...rest] = path.split("/").map(decodeURIComponent);
  return { view: view || "overview", rest, query: Object.fromEntries(new URLSearchParams(query || "")) };
}

export function link(view, rest = [], query = {}) {
  const kept = Object.entries(query).filter(([, value]) => value !== "" && value !== undefined && value !== null);
  const tail = kept.length ? "?" + new URLSearchParams(kept) : "";
  return "#/" + [view, ...rest].map(encodeURIComponent).join("/") + tail;
}

export const taskLink = (task, query) => link("task", [task.step, task.path], query);

export function go(where, replace = false) {
  if (replace) {
    history.replaceState(null, "", where);
    dispatchEvent(new HashChangeEvent("hashchange"));
  } else location.hash = where;
}
