/** The page of one visit's Move form, as phones have it. It works without this; the free times then need a press. */

import { followTimes, sayOwnTimes } from "./calendar-form.js";

const form = document.querySelector("form[data-move]");
if (form instanceof HTMLFormElement) followTimes(form);
sayOwnTimes(document);
