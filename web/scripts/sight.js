// What to act with stays in sight beside a long file. Where it is taller than the
// window it scrolls with the page to its end and stays there, so that nothing in it
// is hidden and it has no scrollbar of its own.
const head = 72, foot = 16

export function stayInSight(column) {
  if (!column) return
  const wide = matchMedia("(min-width: 1000px)")
  const place = () => {
    column.style.position = wide.matches ? "sticky" : ""
    column.style.top = wide.matches ? `${Math.min(head, innerHeight - column.offsetHeight - foot)}px` : ""
  }
  new ResizeObserver(place).observe(column)
  addEventListener("resize", place)
  place()
}
