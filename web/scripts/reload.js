// [data-reload="2"]: the page shows work that goes on; it is looked at again
// after so many seconds, until it no longer says so.
export function reloadWhileWorking(root) {
  const wait = root.querySelector("[data-reload]")
  if (wait) setTimeout(() => location.reload(), 1000 * Number(wait.dataset.reload))
}
