// Builds ../dist from src: one script, one style sheet, and the licences of what the script holds. `make ui` runs this.
import { build } from "esbuild";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";

const out = new URL("../dist/", import.meta.url).pathname;
mkdirSync(out, { recursive: true });
await build({
  entryPoints: { page: "src/main.js", charts: "src/charts.js" },
  bundle: true, minify: true, format: "iife", target: "es2022", charset: "ascii", legalComments: "none", outdir: out,
});
await build({ entryPoints: { page: "src/page.css" }, minify: true, outdir: out, charset: "utf8" });
for (const name of ["page.js", "charts.js"]) {
  if (/<\/script|<!--/i.test(readFileSync(out + name, "utf8"))) throw new Error(`${name} would end its own element`);
}
const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));
const names = new Set(Object.keys(dependencies)); // and what they depend on
for (const name of names) for (const inner of Object.keys(JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).dependencies || {})) names.add(inner);
const licences = [...names].sort().filter((name) => existsSync(`node_modules/${name}`)).map((name) => {
  const about = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
  const file = readdirSync(`node_modules/${name}`).sort().find((each) => /^licen[sc]e/i.test(each));
  const text = file ? readFileSync(`node_modules/${name}/${file}`, "utf8").trim() : "";
  return `${name} ${about.version}, ${about.license}\n\n${text}\n`;
});
writeFileSync(out + "LICENSES.txt", licences.join("\n" + "-".repeat(80) + "\n\n"));
