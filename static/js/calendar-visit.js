/** The page of one visit's Move form, as phones have it. It works without this; the free times then need a press. */

import { followTimes } from "./calendar-form.js";
import { sayOwnTimes } from "./own-times.js";

const form = document.querySelector("form[data-move]");
if (form instanceof HTMLFormElement) followTimes(form);
sayOwnTimes(document);
