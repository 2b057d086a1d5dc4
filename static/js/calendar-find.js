/** Finding a patient while typing: the dialog shows what the server found; without this module the form leads to a page. */

import { gettext, interpolate } from "./words.js";

const PAUSE = 200;

/** @param {HTMLFormElement} form */
export function findWhileTyping(form) {
  const field = form.querySelector("input[name=q]");
  const place = form.querySelector("[data-found]");
  const said = form.querySelector("[data-found-said]");
  if (!(field instanceof HTMLInputElement) || !place || !said) return;
  let turn = 0;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let pause;
  const look = async () => {
    const mine = ++turn;
    const html = await found(`${form.action}?${new URLSearchParams({ q: field.value })}`);
    if (mine !== turn) return;
    // Our own page made it; scripts that are put in this way do not run.
    place.innerHTML = html ?? `<p>${gettext("We cannot look just now. Check your connection, then try again.")}</p>`;
    const count = place.querySelectorAll(".hc-cal-found > li").length;
    said.textContent = field.value ? interpolate(gettext("%(count)s found."), { count }) : "";
  };
  field.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(look, PAUSE);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(pause);
    void look();
  });
  // A visit of the day that is shown is on this very page: the dialog closes and the address does the rest.
  place.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("a")) form.closest("dialog")?.close();
  });
}

/** @param {string} address @returns {Promise<string|null>} */
async function found(address) {
  try {
    const response = await fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    return response.ok ? (await response.json()).html : null;
  } catch {
    return null;
  }
}
