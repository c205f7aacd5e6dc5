// govuk-frontend names the drop zone by itself (aria-labelledby its own id),
// which not every reader follows. We name it by its label and its parts.
export function nameDropZones(root) {
  for (const zone of root.querySelectorAll("button.govuk-file-upload-button")) {
    const label = zone.getAttribute("aria-labelledby")?.split(" ")[0]
    const parts = [
      zone.querySelector(".govuk-file-upload-button__status"),
      zone.querySelector(".govuk-file-upload-button__pseudo-button-container"),
    ]
    if (!label || parts.includes(null)) continue
    parts.forEach((part, i) => { part.id ||= `${zone.id}-zone-${i}` })
    zone.setAttribute("aria-labelledby", [label, ...parts.map((p) => p.id)].join(" "))
  }
}
