// Measures feelin and zen-engine on the models given as a file: one line of JSON
// for each engine and row. Inputs are plain objects, ready beforehand; models
// are compiled beforehand where the engine can (feelin cannot).
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { evaluate, unaryTest } from "feelin"
import { ZenEngine } from "@gorules/zen-engine"

const require = createRequire(import.meta.url)
const version = (name) => JSON.parse(readFileSync(new URL(`./node_modules/${name}/package.json`, import.meta.url))).version
const models = JSON.parse(readFileSync(process.argv[2]))
const seconds = Number(process.argv[3])

const print = (engine, v, row, ns, results, note) => console.log(JSON.stringify({ engine, version: v, row, ns_per_op: ns, results, note }))

// best of several rounds of one second at the most, after a warm-up
async function measure(run, n) {
  const round = async (ms) => {
    const from = process.hrtime.bigint()
    let count = 0
    for (;;) {
      for (let i = 0; i < n; i++) { const r = run(i); if (r instanceof Promise) await r }
      count += n
      if (Number(process.hrtime.bigint() - from) > ms * 1e6) break
    }
    return Number(process.hrtime.bigint() - from) / count
  }
  await round(500 * seconds)
  let best = Infinity
  for (let i = 0; i < 5; i++) best = Math.min(best, await round(200 * seconds))
  return best
}

for (const m of models) {
  const feelin = m.table
    ? (x) => {
        for (const rule of m.table.rules) {
          let all = true
          for (let j = 0; all && j < m.table.columns.length; j++) all = unaryTest(rule[j], { "?": x[m.table.columns[j]] }).value === true
          if (all) return evaluate(rule[rule.length - 1], {}).value
        }
        return null
      }
    : (x) => {
        const scope = { ...x }
        for (const s of m.steps) scope[s.name] = evaluate(s.text, scope).value
        return scope[m.decision]
      }
  print("feelin", version("feelin"), m.name, await measure((i) => feelin(m.inputs[i]), m.inputs.length), m.inputs.map(feelin), "parses at each evaluation: it has no compiled form")

  const decision = new ZenEngine().createDecision(Buffer.from(JSON.stringify(m.zen)))
  const zen = async (x, opts) => (await decision.evaluate(x, opts)).result[m.decision]
  const results = []
  for (const x of m.inputs) results.push(await zen(x))
  print("zen-engine", version("@gorules/zen-engine"), m.name, await measure((i) => zen(m.inputs[i]), m.inputs.length), results)
  print("zen-engine", version("@gorules/zen-engine"), m.name + ", trace", await measure((i) => zen(m.inputs[i], { trace: true }), m.inputs.length), results)
}
