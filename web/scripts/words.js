// govuk-frontend puts some words of a button side by side with only a hidden
// comma between them: "Who may" "Show". A space keeps them two words for
// whoever reads what is visible (speech control, checkers).
export function separateWords(root) {
  for (const part of root.querySelectorAll(
    ".govuk-accordion__section-toggle, .govuk-file-upload-button__pseudo-button-container",
  )) part.before(" ")
}
