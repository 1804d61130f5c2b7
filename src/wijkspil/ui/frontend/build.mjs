// Bundles styles, fonts and scripts into static/ui/build with content-hashed names
// and a manifest.json the template tag {% asset %} reads. Run by `make frontend`.
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

import { build } from "esbuild";

import { themeCss } from "./theme.mjs";

const source = dirname(fileURLToPath(import.meta.url));
const target = join(source, "../static/ui/build");
const work = `${target}.new`;
const sources =
  process.argv.find((word) => word.startsWith("--sources="))?.slice(10) ?? "";

// `import url from "as-file:package/file.mjs"` copies the file and gives its address.
const asFile = {
  name: "as-file",
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /^as-file:/ }, async ({ path, resolveDir }) => {
      const found = await resolve(path.slice(8), { kind: "import-statement", resolveDir });
      return { path: found.path, namespace: "as-file", errors: found.errors };
    });
    onLoad({ filter: /.*/, namespace: "as-file" }, async ({ path }) => ({
      // Its source map is not published, so the file should not ask for it.
      contents: (await readFile(path, "utf8")).replace(/^\/\/# sourceMappingURL=.*$/m, ""),
      loader: "file",
    }));
  },
};

// `@import "theme"` gives the custom properties made from tokens.json.
const theme = {
  name: "theme",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^theme$/ }, () => ({ path: "theme", namespace: "theme" }));
    onLoad({ filter: /.*/, namespace: "theme" }, async () => ({
      contents: themeCss(JSON.parse(await readFile(join(source, "tokens.json"), "utf8"))),
      loader: "css",
    }));
  },
};

await rm(work, { recursive: true, force: true });
await mkdir(work, { recursive: true });

const result = await build({
  entryPoints: {
    app: join(source, "js/app.js"),
    "app-style": join(source, "css/app.css"),
    "map-style": join(source, "css/map.css"),
    mark: join(source, "mark.svg"),
  },
  outdir: work,
  bundle: true,
  format: "esm",
  splitting: true,
  minify: true,
  target: ["es2022", "chrome109", "firefox115", "safari16"],
  entryNames: "[name]-[hash]",
  chunkNames: "part-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".woff2": "file", ".svg": "copy" },
  legalComments: "linked",
  metafile: true,
  plugins: [asFile, theme],
  logLevel: "warning",
});

const logicalNames = {
  "js/app.js": "app.js",
  "css/app.css": "app.css",
  "css/map.css": "map.css",
  "mark.svg": "mark.svg",
};
const files = {};
for (const [path, output] of Object.entries(result.metafile.outputs)) {
  const name = basename(path);
  if (output.entryPoint) {
    const logical = logicalNames[relative(source, join(process.cwd(), output.entryPoint))];
    if (logical) files[logical] = name;
  }
  // Asked for by the page before the script that needs it has been read.
  const isMap = Object.keys(output.inputs).some((input) => input.endsWith("js/map/map.js"));
  if (isMap && name.endsWith(".js")) files["map.js"] = name;
  if (/^public-sans.*latin-wght-normal.*\.woff2$/.test(name)) files["font.woff2"] = name;
}

// The same type for paper: a PDF cannot use the variable one of the pages.
const paper = join(work, "paper");
await mkdir(paper);
await Promise.all(
  ["400Regular", "700Bold"].map((weight) =>
    copyFile(
      join(
        process.cwd(),
        `node_modules/@expo-google-fonts/public-sans/${weight}/PublicSans_${weight}.ttf`,
      ),
      join(paper, `public-sans-${weight}.ttf`),
    ),
  ),
);

// Compressed once here, so that the web server only has to send the bytes.
const toBrotli = promisify(brotliCompress);
const toGzip = promisify(gzip);
await Promise.all(
  (await readdir(work))
    .filter((name) => /\.(css|js|mjs|svg)$/.test(name))
    .map(async (name) => {
      const bytes = await readFile(join(work, name));
      const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
      await writeFile(join(work, `${name}.br`), await toBrotli(bytes, { params }));
      await writeFile(join(work, `${name}.gz`), await toGzip(bytes, { level: 9 }));
    }),
);

const digest = createHash("sha256").update(JSON.stringify(files)).digest("hex");
await writeFile(
  join(work, "manifest.json"),
  `${JSON.stringify({ sources, digest, files }, null, 2)}\n`,
);
await rm(target, { recursive: true, force: true });
await rename(work, target);
