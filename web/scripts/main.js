// Progressive enhancement of every page. All pages work without it.
import {
  Accordion, Button, CharacterCount, Checkboxes, ErrorSummary, FileUpload,
  NotificationBanner, SkipLink, Tabs, createAll,
} from "govuk-frontend"
import { copyButtons } from "./copy.js"
import { printButtons } from "./print.js"
import { reloadWhileWorking } from "./reload.js"
import { singleSubmit } from "./submit.js"
import { separateWords } from "./words.js"

document.body.classList.add("js-enabled", "govuk-frontend-supported")
for (const component of [
  Accordion, Button, CharacterCount, Checkboxes, ErrorSummary, FileUpload,
  NotificationBanner, SkipLink, Tabs,
]) createAll(component)

separateWords(document)
singleSubmit(document)
copyButtons(document)
printButtons(document)
reloadWhileWorking(document)
