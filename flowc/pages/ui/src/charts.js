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
  } catch (error) {
    box.textContent = `The chart cannot be drawn: ${error.message}`;
  }
}

const quiet = { level() { return quiet; }, error() { return quiet; }, warn() { return quiet; }, info() { return quiet; }, debug() { return quiet; } };

Promise.all([...document.querySelectorAll("figure.chart")].map(draw)).then(() => { document.documentElement.dataset.charts = "drawn"; });
