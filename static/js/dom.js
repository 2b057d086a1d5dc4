/** Finds and builds elements, icons and announcements. Knows nothing of visits. */

const SPRITE = globalThis.document?.documentElement.dataset.sprite ?? new URL("../icons/sprite.svg", import.meta.url).pathname;
const ART = new URL("../art/", import.meta.url).pathname;
const SVG = "http://www.w3.org/2000/svg";

/**
 * The element must be there: a missing one is a fault of the template, said at once and by name.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {T}
 */
export function need(root, selector) {
  const found = root.querySelector(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return /** @type {T} */ (found);
}

/**
 * @param {string} name
 * @param {"regular"|"fill"|"bold"} [weight]
 * @returns {SVGSVGElement}
 */
export function icon(name, weight = "regular") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", iconHref(name, weight));
  svg.append(use);
  return svg;
}

/**
 * @param {string} name
 * @param {"regular"|"fill"|"bold"} [weight]
 */
export function iconHref(name, weight = "regular") {
  const id = weight === "regular" ? name : `${name}-${weight}`;
  return document.getElementById(id) ? `#${id}` : `${SPRITE}#${id}`;
}

/**
 * Brings the drawings into the page, so that the sign for a lost connection can be drawn without a connection.
 * @returns {Promise<void>}
 */
export async function keepIcons() {
  try {
    const text = await (await fetch(SPRITE)).text();
    const sprite = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
    sprite.setAttribute("hidden", "");
    document.body.append(document.importNode(sprite, true));
  } catch {
    // Without it the icons come from the server one by one, as on every other page.
  }
}

/**
 * Changes the drawing inside an icon that already stands in the page.
 * @param {Element} root
 * @param {string} name
 * @param {"regular"|"fill"|"bold"} [weight]
 */
export function swapIcon(root, name, weight = "regular") {
  root.querySelector("svg.icon use")?.setAttribute("href", iconHref(name, weight));
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string|boolean|undefined>} [attributes]
 * @param {...(Node|string|null)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/**
 * Writes only what changed, so that live regions speak once and nothing is laid out for nothing.
 * @param {Element} element
 * @param {string} text
 */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * The arch with a face, or with initials where there is no picture.
 * @param {string} face
 * @param {string} label
 */
export function portrait(face, label) {
  if (!face) return make("span", { class: "hc-arch hc-arch-big hc-arch-initials", "aria-hidden": "true" }, initials(label));
  const picture = make("img", { src: `${ART}${encodeURIComponent(face)}.svg`, alt: "" });
  return make("span", { class: "hc-arch hc-arch-big" }, picture);
}

/**
 * @param {string} label
 * @returns {string}
 */
export function initials(label) {
  const words = label.split(/\s+/).filter((word) => word && !/^(dr|prof|mr|mrs|ms)\.?$/i.test(word));
  const letters = [words[0], words.length > 1 ? words[words.length - 1] : ""];
  return letters.map((word) => (word ? [...word][0] : "")).join("").toUpperCase();
}

/**
 * Speaks through the page's live region; emptied first, so that the same sentence twice is heard twice.
 * @param {string} text
 * @param {"polite"|"assertive"} [how]
 */
export function announce(text, how = "polite") {
  const region = document.querySelector(`[data-announce="${how}"]`);
  if (!region) return;
  region.textContent = "";
  requestAnimationFrame(() => {
    region.textContent = text;
  });
}

/**
 * One mark per name: tests and the bench read them by performance.getEntriesByName.
 * @param {string} name
 */
export function markOnce(name) {
  if (performance.getEntriesByName(name, "mark").length === 0) performance.mark(name);
}
