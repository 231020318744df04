// A card in a frame with an origin of its own, as high as its content.
import { html } from "./html.js";

let policy;
// Pages of cards are whole documents; the frame is what isolates them.
const document_ = (text) => {
  if (!self.trustedTypes) return text;
  policy ||= trustedTypes.createPolicy("flowc-card", { createHTML: (page) => page });
  return policy.createHTML(text);
};

// A page holds the scripts of cards once, as text; a frame gets a copy of those that it needs.
const HERE = '<div id="flowc-charts"></div>';

function whole(card) {
  const at = card.charts ? card.html.lastIndexOf(HERE) : -1;
  const page = at < 0 ? card.html : card.html.slice(0, at) + script("charts") + card.html.slice(at + HERE.length);
  return page + script("sizing");
}

const script = (id) => `<script>${document.getElementById(id).textContent}</script>`;

const LOWEST = 40; // pixels

// A card tells how high it is (runtime_shim/cards/view/page.py, SIZING); it can change no frame but its own. The style
// sheet limits the height.
addEventListener("message", ({ source, data }) => {
  if (!source || !Number.isFinite(data?.flowcHeight)) return;
  const frame = [...document.querySelectorAll("iframe")].find((element) => element.contentWindow === source);
  if (frame) frame.style.height = `${Math.max(LOWEST, Math.ceil(data.flowcHeight)) + 2}px`;
});

export const cardName = (card) => `${card.type}${card.id ? " " + card.id : ""}`;

export function CardFrame({ card, name }) {
  if (card.html === null) return html`<p class="faint">${name}: ${card.why}</p>`;
  const sandbox = "allow-scripts" + (card.scripts ? "" : " allow-downloads"); // charts of flowc's own cards can be saved
  const filled = (element) => {
    if (element && !card.url && !element.dataset.set) { element.dataset.set = "1"; element.srcdoc = document_(whole(card)); }
  };
  return html`<iframe title=${"Card " + name} sandbox=${sandbox} referrerpolicy="no-referrer" loading="lazy" src=${card.url} ref=${filled}></iframe>`;
}
