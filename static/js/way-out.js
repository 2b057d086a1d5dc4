/**
 * Out of a browser inside another app, which often has no camera: the link copied, as a QR code, and opened outside where
 * the system knows how. The secret of the link stays in this tab.
 */

import { make, need, say } from "./dom.js";
import { qrCode } from "./qr.js";
import { gettext, interpolate } from "./words.js";

const KEPT = "housecall.link";
const SVG = "http://www.w3.org/2000/svg";
const BORDER = 4;

/** Only where the visit cannot be held in this browser: it must be carried to another one. @param {string} address with its secret */
export function keepLink(address) {
  try {
    sessionStorage.setItem(KEPT, address);
  } catch {
    // A browser that keeps nothing: the link in the message is still there.
  }
}

/** @param {string} path of the visit's page @returns {string} the whole link, or nothing */
export function keptLink(path) {
  try {
    const kept = sessionStorage.getItem(KEPT) ?? "";
    return new URL(kept).pathname === path ? kept : "";
  } catch {
    return "";
  }
}

/**
 * Chromium's intents take the fragment along; Apple's own scheme leads to Safari. Elsewhere no address leads out.
 * @param {string} address
 * @param {string} system as the server read it
 * @returns {{href: string, words: string}|null}
 */
export function addressOutside(address, system) {
  const rest = address.replace(/^https:\/\//, "");
  if (rest === address) return null;
  if (system === "Android") return { href: `intent://${rest}#Intent;scheme=https;package=com.android.chrome;end`, words: gettext("Open in Chrome") };
  if (["iPhone", "iPad", "Mac"].includes(system)) return { href: `x-safari-https://${rest}`, words: gettext("Open in Safari") };
  return null;
}

/** @param {string} system @returns {string} the way through the app's own menu */
export function menuWords(system) {
  if (system === "Android") return gettext("Or touch the three dots of this app, then “Open in browser”.");
  if (["iPhone", "iPad", "Mac"].includes(system)) return gettext("Or touch the sign with the dots or the arrow of this app, then “Open in Safari” or “Open in browser”.");
  return gettext("Or open the link in Chrome, Firefox, Edge or Safari.");
}

/**
 * @param {HTMLElement} root
 * @param {string} address the whole link; empty when this tab does not know it
 * @param {string} system
 */
export function showWayOut(root, address, system) {
  const outside = address ? addressOutside(address, system) : null;
  const opens = /** @type {HTMLAnchorElement} */ (need(root, "[data-open-outside]"));
  opens.hidden = !outside;
  if (outside) {
    opens.href = outside.href;
    say(need(opens, "span"), outside.words);
  }
  const copy = need(root, "[data-copy-link]");
  copy.hidden = !address;
  copy.classList.toggle("hc-btn-main", !outside);
  copy.onclick = () => void copyLink(root, address);
  need(root, "[data-way-qr]").hidden = !address;
  if (address) need(root, "[data-qr]").replaceChildren(drawn(address));
  say(need(root, "[data-way-words]"), address ? menuWords(system) : gettext("Go back to our message, press and hold the link in it, and choose Safari or Chrome."));
  root.hidden = false;
}

/** @param {HTMLElement} root @param {string} address */
async function copyLink(root, address) {
  const said = need(root, "[data-copy-said]");
  try {
    await navigator.clipboard.writeText(address);
    say(said, gettext("The link is copied. Open Safari or Chrome, touch the address at the top and paste it."));
  } catch {
    // Some apps let no page copy: then the address itself, to be marked by hand.
    const field = make("input", { class: "hc-input", type: "text", readonly: true, value: address, "aria-label": gettext("The link of your visit") });
    said.replaceChildren(gettext("Mark this link, copy it, and paste it in Safari or Chrome:"), field);
    field.select();
  }
}

/** @param {string} address */
function drawn(address) {
  const squares = qrCode(address);
  const size = squares.length + 2 * BORDER;
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", interpolate(gettext("QR code of the link to %(host)s"), { host: new URL(address).host }));
  const path = document.createElementNS(SVG, "path");
  const dark = squares.flatMap((row, y) => row.map((is, x) => (is ? `M${x + BORDER} ${y + BORDER}h1v1h-1z` : "")));
  path.setAttribute("d", dark.join(""));
  svg.append(path);
  return svg;
}
