// A form is sent once: after the first submit its buttons say so and do no
// more. The server deduplicates anyway; this saves the person the doubt.
export function singleSubmit(root) {
  root.addEventListener("submit", (event) => {
    const form = event.target
    if (form.method !== "post" || event.defaultPrevented) return
    if (form.dataset.sent) {
      event.preventDefault()
      return
    }
    form.dataset.sent = "true"
    for (const button of form.querySelectorAll("button:not([type=button])")) {
      button.setAttribute("aria-disabled", "true") // not disabled: its name and value must be sent
    }
  })
  // A page that comes back from the browser's memory can be sent again.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return
    // A page of an application knows which answers it was shown with: what the
    // browser kept is older than what was sent from it.
    if (root.querySelector("form input[name=rev]")) {
      location.reload()
      return
    }
    for (const form of root.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent
      for (const button of form.querySelectorAll("[aria-disabled=true]")) {
        button.removeAttribute("aria-disabled")
      }
    }
  })
}
