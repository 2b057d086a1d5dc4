/** One short message at a time above the controls, with one button at most; also spoken. Errors stand on the page as well. */

import { announce, icon, make } from "./dom.js";

const STAYS = 8_000;
/** @type {ReturnType<typeof setTimeout>|undefined} */
let timer;

/**
 * @param {string} text
 * @param {{icon?: string, button?: string, onPress?: () => void, how?: "polite"|"assertive", stays?: number}} [options]
 *   `stays`: how long the button can still be pressed, in milliseconds
 */
export function toast(text, options = {}) {
  const place = document.querySelector("[data-toasts]");
  if (!place) return;
  clearTimeout(timer);
  const box = make("div", { class: "hc-toast" }, icon(options.icon ?? "info"), make("span", {}, text));
  if (options.button) {
    const button = make("button", { type: "button" }, options.button);
    button.addEventListener("click", () => {
      hideToast();
      options.onPress?.();
    });
    box.append(button);
  }
  const stays = options.button ? options.stays : STAYS;
  if (stays) timer = setTimeout(hideToast, stays);
  place.replaceChildren(box);
  announce(text, options.how);
}

export function hideToast() {
  clearTimeout(timer);
  document.querySelector("[data-toasts]")?.replaceChildren();
}
