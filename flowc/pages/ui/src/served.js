// The page as `flowc ui` serves it: data is asked for, with the token that the first address had in its fragment.
import { prepared } from "./data.js";

export const isServed = document.body.dataset.served === "yes";

function token() {
  const given = /^#token=([\w-]+)(#.*)?$/.exec(location.hash); // and perhaps a view
  if (given) {
    sessionStorage.setItem("flowc-token", given[1]);
    history.replaceState(null, "", location.pathname + location.search + (given[2] || ""));
  }
  return sessionStorage.getItem("flowc-token") || "";
}

const own = isServed ? token() : "";

export async function asked(...names) {
  const query = typeof names.at(-1) === "object" ? "?" + new URLSearchParams(names.pop()) : "";
  const answer = await fetch("/api/" + names.map(encodeURIComponent).join("/") + query, { headers: { Authorization: "Bearer " + own } });
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer.json();
}

const OVER = ["succeeded", "failed", "stopped"];

// Calls `show` with the run, and again with each change while it goes on, or while more of it is read.
export async function followed(flow, name, show, failed) {
  try {
    let data = await asked("run", flow, name);
    show(prepared(data));
    let pause = 0;
    while (data.unread || !OVER.includes(data.run.status)) {
      try {
        const { seen } = await asked("watch", flow, name, { seen: data.seen });
        pause = 0;
        if (seen !== data.seen) { data = await asked("run", flow, name); show(prepared(data)); }
      } catch (error) {
        pause = Math.min(30_000, pause * 2 || 1000); // the server has gone, or the network
        await new Promise((wake) => setTimeout(wake, pause));
      }
    }
  } catch (error) { failed(error); }
}
