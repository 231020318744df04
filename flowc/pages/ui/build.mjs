// Builds ../dist from src: one script, one style sheet, and the licences of what the script holds. `make ui` runs this.
import { build } from "esbuild";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const out = new URL("../dist/", import.meta.url).pathname;
mkdirSync(out, { recursive: true });
await build({
  entryPoints: { page: "src/main.js" },
  bundle: true, minify: true, format: "iife", target: "es2022", charset: "ascii", legalComments: "none", outdir: out,
});
await build({ entryPoints: { page: "src/page.css" }, minify: true, outdir: out, charset: "utf8" });
const script = readFileSync(out + "page.js", "utf8");
if (/<\/script|<!--/i.test(script)) throw new Error("the script would end its own element");
const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));
const licences = Object.keys(dependencies).sort().map((name) => {
  const about = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
  const text = readFileSync(`node_modules/${name}/LICENSE`, "utf8").trim();
  return `${name} ${about.version}, ${about.license}\n\n${text}\n`;
});
writeFileSync(out + "LICENSES.txt", licences.join("\n" + "-".repeat(80) + "\n\n"));
