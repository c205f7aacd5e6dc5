// The keyboard of the workbench. Rows are [data-row], each with one link and,
// where it can be claimed, one [data-claim] button. Every key has a visible
// control too; none works while a person is typing.
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

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  if (event.target.closest("input, textarea, select, [contenteditable]")) {
    if (event.key === "Escape") event.target.blur()
    return
  }
  const act = keys[event.key]
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
