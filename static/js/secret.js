/**
 * A personal link that is opened once more, where its session lives already: the secret leaves the address and is posted,
 * so that what asks for a fresh proof of who it is has one. The page goes on as it is. First opening: opening.js.
 */

import { need } from "./dom.js";
import { post } from "./forms.js";

// What scheduling/links.py makes; everything else after # is an ordinary anchor.
const SECRET = /^#([\w-]{43})$/;

/** @returns {string} the secret, gone from the address by then; empty when there is none */
function take() {
  const secret = SECRET.exec(location.hash)?.[1] ?? "";
  if (!secret) return "";
  // An entry that came by a new fragment knows no step: it is the one that is shown.
  const step = document.documentElement.dataset.visitState;
  history.replaceState(history.state ?? (step ? { step } : null), "", location.pathname + location.search);
  return secret;
}

/** @param {string} secret */
async function prove(secret) {
  const form = /** @type {HTMLFormElement} */ (need(document, "[data-open-form]"));
  const data = new FormData(form);
  data.set("secret", secret);
  // When it does not go through nothing is lost: what needs the proof asks for the link again.
  await post(form.action, data);
  document.documentElement.dataset.linkOpened = "again";
}

const first = take();
if (first) void prove(first);
// The link pasted into the tab that shows its page loads nothing: only the fragment changes. Heard before the steps hear it.
addEventListener("popstate", (event) => {
  const secret = take();
  if (!secret) return;
  event.stopImmediatePropagation();
  void prove(secret);
});
