// Builds web/dist: styles, scripts, type and icons with content-hashed names,
// and manifest.json, which maps each plain name to its hashed one.
import { build } from "esbuild"
import { compileAsync } from "sass"
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const here = dirname(fileURLToPath(import.meta.url))
const dist = join(here, "dist")

const scss = {
  name: "scss",
  setup(b) {
    b.onLoad({ filter: /\.scss$/ }, async ({ path }) => {
      const out = await compileAsync(path, {
        loadPaths: [join(here, "node_modules")],
        quietDeps: true,
      })
      return { contents: out.css, loader: "css", resolveDir: dirname(path) }
    })
  },
}

await mkdir(dist, { recursive: true })
const icons = (await readdir(join(here, "icons"))).map((n) => join(here, "icons", n))
const result = await build({
  absWorkingDir: here,
  entryPoints: [
    "styles/main.scss",
    "styles/workbench.scss",
    "scripts/main.js",
    "scripts/workbench.js",
    ...icons,
  ],
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  outdir: dist,
  bundle: true,
  minify: true,
  metafile: true,
  format: "esm",
  target: ["es2022", "chrome109", "firefox115", "safari16"],
  loader: { ".woff2": "file", ".svg": "copy" },
  plugins: [scss],
  logLevel: "warning",
})

const manifest = {}
for (const [out, info] of Object.entries(result.metafile.outputs)) {
  const source = info.entryPoint ?? Object.keys(info.inputs)[0]
  const plain = basename(source).replace(/\.scss$/, ".css")
  manifest[plain] = basename(out)
}
const sorted = Object.fromEntries(Object.entries(manifest).sort())

// The manifest changes last and at once, and only then do old files go: who
// compiles meanwhile finds a whole build.
await writeFile(join(dist, "manifest.tmp"), JSON.stringify(sorted, null, 2) + "\n")
await rename(join(dist, "manifest.tmp"), join(dist, "manifest.json"))
const kept = new Set([".gitkeep", "manifest.json", ...Object.values(sorted)])
for (const name of await readdir(dist)) {
  if (!kept.has(name)) await rm(join(dist, name), { recursive: true, force: true })
}
