"""What pages keep for large letters on a small screen, for the keyboard and for forced colours. Holds no test."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

from tests.browser.looks import AXE, DRAWN, SIDEWAYS
from tests.browser.people import ChromiumTab

SMALL = ViewportSize(width=320, height=640)
# A browser's own size of letters is 16 px.
TWICE = 32

# Text that leaves the window or is clipped by what holds it; words of a control that leave the control. What scrolls by
# itself (a table of many columns) clips nothing, and what is there for screen readers alone has no size to speak of.
CUT = r"""(most) => {
  const told = new Set();
  const name = (element) => `${element.tagName.toLowerCase()}.${element.className?.baseVal ?? element.className}`;
  const tell = (why, element, text) => told.add(`${why}: ${name(element)} "${text.trim().slice(0, 40)}"`);
  const hides = (style) => /hidden|clip/.test(`${style.overflowX} ${style.overflowY}`);
  const holders = (element) => {
    const found = [];
    for (let one = element; one && one !== document.body; one = one.parentElement) {
      const style = getComputedStyle(one);
      if (style.clipPath !== "none" || /auto|scroll/.test(style.overflowX)) return null;
      if (hides(style)) found.push(one.getBoundingClientRect());
      if (style.position === "fixed") break;
    }
    return found;
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  const controls = [...document.querySelectorAll("main button, main .hc-btn, main .hc-tag")].filter((one) =>
    one.checkVisibility({ visibilityProperty: true }) &&
    !one.closest(".visit-sticky, .hc-live, .hc-toast-place, .visually-hidden"));
  const wide = document.documentElement.clientWidth;
  while (walker.nextNode()) {
    const text = walker.currentNode, element = text.parentElement;
    if (!text.data.trim() || /^(SCRIPT|STYLE|NOSCRIPT|OPTION)$/.test(element.tagName)) continue;
    if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    if (element.closest(".visually-hidden")) continue;
    const boxes = holders(element);
    if (!boxes) continue;
    range.selectNodeContents(text);
    for (const { left, right, top, bottom, width } of range.getClientRects()) {
      if (width && (left < -1 || right > wide + 1)) tell("outside the window", element, text.data);
      for (const box of boxes)
        if (left < box.left - 1 || right > box.right + 1 || top < box.top - 3 || bottom > box.bottom + 3)
          tell("clipped", element, text.data);
      const control = element.closest("button, .hc-btn, .hc-tag, .hc-count, .hc-door");
      for (const other of controls)
        if (!other.contains(element) && !element.contains(other)) {
          const over = other.getBoundingClientRect();
          const across = Math.min(right, over.right) - Math.max(left, over.left);
          if (across > 3 && Math.min(bottom, over.bottom) - Math.max(top, over.top) > 5)
            tell(`under ${name(other)}`, element, text.data);
        }
      const box = control?.getBoundingClientRect();
      if (box && (left < box.left - 1 || right > box.right + 1 || top < box.top - 3 || bottom > box.bottom + 3))
        tell("outside its control", control, text.data);
    }
    for (const { 0: word, index } of text.data.matchAll(/\p{L}{2,14}/gu)) {
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      const parts = [...range.getClientRects()].filter((rect) => rect.width);
      const lines = new Set(parts.map((rect) => Math.round(rect.top / 4)));
      if (lines.size > most) tell("torn", element, word);
    }
  }
  return [...told];
}"""

# The distances of 1.4.12, which a reader may set.
SPACED = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { letter-spacing: .12em !important; word-spacing: .16em !important; }
    * { line-height: 1.5 !important; } p { margin-block-end: 2em !important; }`);
  document.adoptedStyleSheets = [sheet];
}"""

# Null where all is well: what has the focus is in the window, at least in part not under anything else, and has a ring.
UNSEEN = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return "the end";
  const words = element.textContent.trim().slice(0, 30);
  const name = `${element.tagName.toLowerCase()}#${element.id}.${element.className} "${words}"`;
  // The browser marks the button inside a field of its own, where no script sees it.
  if (element.matches("[type=date], [type=time]") && !element.matches(":focus-visible")) return null;
  const shown = element.closest(".hc-choice, label") ?? element;
  const box = (shown.checkVisibility() ? shown : element).getBoundingClientRect();
  const marks = [shown, element, element.nextElementSibling].filter(Boolean).map((one) => getComputedStyle(one));
  if (!marks.some((style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 1))
    return `no ring: ${name}`;
  if (box.bottom <= 0 || box.top >= innerHeight || box.right <= 0 || box.left >= innerWidth)
    return `not in view: ${name}`;
  const spots = [[.5, .5], [.1, .2], [.9, .2], [.1, .8], [.9, .8]].map(([x, y]) =>
    document.elementFromPoint(box.left + box.width * x, box.top + box.height * y));
  const seen = spots.some((spot) => spot && (shown.contains(spot) || spot.contains(shown) || element.contains(spot)));
  return seen ? null : `hidden under ${spots[0]?.className}: ${name}`;
}"""

# In colours that the reader forces on the page a control has an edge, an underline or the colour of links.
PLAIN = """() => {
  const told = [];
  const edged = (style) => ["Top", "Bottom", "Left", "Right"].some((side) =>
    parseFloat(style[`border${side}Width`]) >= 1 && style[`border${side}Style`] !== "none" &&
    style[`border${side}Color`] !== style.backgroundColor && !/^rgba.*, 0\\)$/.test(style[`border${side}Color`]));
  const ink = getComputedStyle(document.body).color;
  const controls = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  for (const element of document.querySelectorAll(controls)) {
    if (!element.checkVisibility({ visibilityProperty: true })) continue;
    if (element.closest(".visually-hidden, .hc-default")) continue;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    if (style.clipPath !== "none" || box.width < 3 || style.opacity === "0") continue;
    const own = style.appearance !== "none" && element.matches("input, select, textarea");
    const lined = [element, ...element.children].some((one) =>
      getComputedStyle(one).textDecorationLine.includes("underline"));
    const sign = lined || (element.matches("a") && style.color !== ink);
    const around = element.closest("label.hc-choice");
    const inList = (element.matches("summary") && element.querySelector("svg")) || style.display === "list-item";
    if (!own && !sign && !inList && !edged(style) && !(around && edged(getComputedStyle(around))))
      told.push(`${element.tagName.toLowerCase()}.${element.className} "${element.textContent.trim().slice(0, 30)}"`);
  }
  return told;
}"""

# There what is chosen has an outline, and the page that is open its line.
MARKED = """() => [..."[aria-pressed=true], [aria-current]:not(li), .hc-choice:has(:checked)".split(", ")]
  .flatMap((chosen) => [...document.querySelectorAll(chosen)])
  .filter((one) => one.checkVisibility())
  .filter((one) => {
    const [style, after] = [getComputedStyle(one), getComputedStyle(one, "::after")];
    return !(parseFloat(style.outlineWidth) >= 1 && style.outlineStyle !== "none") && parseFloat(after.height) !== 3;
  }).map((one) => one.outerHTML.slice(0, 120))"""


def letters(page: Page, pixels: int) -> None:
    """Set the browser's own size of letters, as its settings do: rules that ask for the width in rem hear of it too."""
    # Not detached: with the session its settings end.
    session = page.context.new_cdp_session(page)
    session.send("Page.setFontSizes", {"fontSizes": {"standard": pixels, "fixed": pixels * 13 // 16}})
    page.evaluate(DRAWN)
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == f"{pixels}px"


def faults_of(tab: ChromiumTab) -> list[str]:
    """What is wrong with a page on a small screen: as it is, in large letters, by keyboard, in forced colours."""
    page = tab.page
    found = [f"axe: {each}" for each in _axe(page)] + _layout(tab, "small", 1)
    tab.evaluate(f"({SPACED})()")
    found += _layout(tab, "spaced", 2)
    tab.evaluate("document.adoptedStyleSheets = []")
    letters(page, TWICE)
    tab.evaluate(DRAWN)
    found += _layout(tab, "large letters", 2)
    found += _by_keyboard(page)
    page.emulate_media(forced_colors="active")
    tab.evaluate(DRAWN)
    found += [f"forced colours: no control to see: {each}" for each in tab.evaluate(f"({PLAIN})()")]
    found += [f"forced colours: not marked as chosen: {each}" for each in tab.evaluate(f"({MARKED})()")]
    page.emulate_media(forced_colors="none")
    if tab.evaluate("document.getAnimations().length"):
        found.append("moves, though less motion was asked for")
    letters(page, 16)
    tab.evaluate(DRAWN)
    where = tab.evaluate("location.pathname + ' ' + (document.documentElement.dataset.visitState ?? '')")
    return [f"{where}: {each}" for each in found]


def _axe(page: Page) -> list[Any]:
    violations = Axe().run(page, options=AXE).response["violations"]
    return [(each["id"], [(node["target"], node["html"][:90]) for node in each["nodes"]]) for each in violations]


def _layout(tab: ChromiumTab, name: str, most: int) -> list[str]:
    """`most`: on so many lines may a word of 14 letters stand."""
    found = [f"{name}: {each}" for each in tab.evaluate(f"({CUT})({most})")]
    return [*found, f"{name}: scrolls sideways"] if tab.evaluate(SIDEWAYS) else found


def _by_keyboard(page: Page) -> list[str]:
    """From the top to the end by the Tab key."""
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    found = []
    for _ in range(120):
        page.keyboard.press("Tab")
        fault = page.evaluate(f"({UNSEEN})()")
        if fault == "the end":
            break
        if fault:
            found.append(f"focus: {fault}")
    return found
