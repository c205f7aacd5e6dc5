// <button hidden data-copy="#id" data-copied="Copied">: copies the text of
// the element, then says so in its own label for two seconds.
export function copyButtons(root) {
  if (!navigator.clipboard) return
  for (const button of root.querySelectorAll("button[data-copy]")) {
    const label = button.textContent
    button.hidden = false
    button.addEventListener("click", async () => {
      const source = root.querySelector(button.dataset.copy)
      if (!source) return
      await navigator.clipboard.writeText(source.textContent.trim())
      button.textContent = button.dataset.copied ?? label
      setTimeout(() => { button.textContent = label }, 2000)
    })
  }
}
