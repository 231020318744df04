// Draws the Vega and Vega-Lite charts of a card's page. Expressions are interpreted, not compiled, so that the page's
// policy need not allow eval; a spec that names a URL gets nothing from it.
import { None, View, loader, parse } from "vega";
import { compile } from "vega-lite";
import { expressionInterpreter } from "vega-interpreter";

const refusing = loader();
refusing.load = () => Promise.reject(new Error("a card loads nothing from a network"));
refusing.sanitize = (uri) => /^data:image\//i.test(uri) ? Promise.resolve({ href: uri }) : Promise.reject(new Error("a card loads nothing from a network"));

const dark = {
  background: null, title: { color: "#e6e8eb" }, style: { "guide-label": { fill: "#e6e8eb" }, "guide-title": { fill: "#e6e8eb" } },
  axis: { domainColor: "#a3abb8", gridColor: "#3a3f47", tickColor: "#a3abb8" }, view: { stroke: "#3a3f47" },
};

async function draw(place) {
  const spec = JSON.parse(place.querySelector("pre").textContent);
  const box = place.querySelector(".drawn");
  const config = matchMedia("(prefers-color-scheme: dark)").matches ? dark : { background: null };
  const isVega = /\/vega\/v?\d/.test(spec.$schema || "") || (!spec.$schema && Array.isArray(spec.marks));
  try {
    const full = isVega ? spec : compile(spec, { config, logger: quiet }).spec;
    const view = new View(parse(full, isVega ? config : undefined, { ast: true }), {
      expr: expressionInterpreter, renderer: "svg", loader: refusing, container: box, hover: true, logLevel: None,
    });
    await view.runAsync();
    place.classList.add("ready");
    place.querySelector(".chart-menu")?.replaceChildren(...menu(spec, view, isVega ? null : full));
  } catch (error) {
    box.textContent = `The chart cannot be drawn: ${error.message}`;
  }
}

// What a chart with `show_controls` offers. Metaflow's has a link to an editor on a website, too.
function menu(spec, view, compiled) {
  const name = String(spec.title?.text ?? spec.title ?? "chart").replace(/[^\w-]+/g, "-");
  const action = (text, work) => {
    const button = document.createElement("button");
    button.textContent = text;
    button.onclick = () => work().catch((error) => { button.textContent = `${text}: ${error.message}`; });
    return button;
  };
  const picture = (kind) => action(`Save as ${kind.toUpperCase()}`, async () => save(await view.toImageURL(kind, kind === "png" ? 2 : 1), `${name}.${kind}`));
  const shown = document.createElement("pre");
  shown.className = "json";
  shown.hidden = true;
  shown.tabIndex = 0;
  shown.textContent = JSON.stringify(compiled, null, 2);
  const buttons = [picture("svg"), picture("png")];
  if (compiled) buttons.push(action("View compiled Vega", async () => { shown.hidden = !shown.hidden; }), shown);
  return buttons;
}

function save(url, name) {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}

const quiet = { level() { return quiet; }, error() { return quiet; }, warn() { return quiet; }, info() { return quiet; }, debug() { return quiet; } };

Promise.all([...document.querySelectorAll("figure.chart")].map(draw)).then(() => { document.documentElement.dataset.charts = "drawn"; });
