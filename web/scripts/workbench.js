import { stayInSight } from "./sight.js"

stayInSight(document.querySelector(".pa-work__act"))

// The keyboard of the workbench. Rows are [data-row], each with one link and,
// where it can be claimed, one [data-claim] button. Every key has a visible
// control too; none works while a person is typing. A page gives keys of its own
// to what it shows: data-key follows or presses, data-key-focus moves there so
// that enter acts, data-key-open unfolds and moves to the first field.
const rows = () => [...document.querySelectorAll("[data-row]")]
const current = () => document.querySelector("[data-row][aria-current=true]")

function move(step) {
  const all = rows()
  if (!all.length) return
  const from = all.indexOf(current())
  const to = from < 0 ? (step > 0 ? 0 : all.length - 1)
    : Math.min(Math.max(from + step, 0), all.length - 1)
  current()?.removeAttribute("aria-current")
  all[to].setAttribute("aria-current", "true")
  all[to].querySelector("a")?.focus({ preventScroll: true })
  all[to].scrollIntoView({ block: "nearest" })
}

const keys = {
  j: () => move(1),
  k: () => move(-1),
  c: () => current()?.querySelector("[data-claim]")?.click(),
  "/": () => document.querySelector("[data-search]")?.focus(),
  "?": () => {
    const help = document.querySelector("[data-keys]")
    if (help) help.open = !help.open
  },
}

function ofThePage(key) {
  if (!/^[a-z]$/.test(key)) return
  const find = (name) => document.querySelector(`[${name}="${key}"]`)
  const press = find("data-key")
  if (press) return () => press.click()
  const focus = find("data-key-focus")
  if (focus) return () => focus.focus()
  const open = find("data-key-open")
  if (open) return () => {
    open.open = true
    open.querySelector("textarea, input:not([type=hidden]), select")?.focus()
  }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  if (event.target.closest("input, textarea, select, [contenteditable]")) {
    if (event.key === "Escape") event.target.blur()
    return
  }
  const act = keys[event.key] ?? ofThePage(event.key)
  if (!act) return
  event.preventDefault()
  act()
})

document.addEventListener("focusin", (event) => {
  const row = event.target.closest("[data-row]")
  if (!row || row === current()) return
  current()?.removeAttribute("aria-current")
  row.setAttribute("aria-current", "true")
})
