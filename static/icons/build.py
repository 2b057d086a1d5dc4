#!/usr/bin/env python3
"""Builds the icon sprite and the list of vendored files; it does not fetch anything.

Put a symbol's SVG beside its licence in static/vendor/phosphor-<version>/<weight>/, then run this script.
With `--check` it changes nothing and ends with 1 when the sprite or the list is out of date.
"""

import hashlib
import json
import re
import sys
from pathlib import Path

STATIC = Path(__file__).resolve().parent.parent
VENDOR = STATIC / "vendor"
SPRITE = STATIC / "icons" / "sprite.svg"
LISTING = VENDOR / "vendor.json"

PACKAGES = {
    "bootstrap": {"licence": "MIT", "from": "npm bootstrap", "changed": "the line naming the source map is taken out"},
    "event-calendar": {
        "licence": "MIT",
        "from": "npm @event-calendar/build",
        "changed": "the line naming the source map is taken out; the licence of Svelte, which is built in, is added",
    },
    "phosphor": {"licence": "MIT", "from": "npm @phosphor-icons/core", "changed": "only the symbols in use are kept"},
}
SVG = re.compile(r'<svg[^>]*viewBox="(?P<box>[^"]+)"[^>]*>(?P<body>.*)</svg>', re.DOTALL)


def symbol(path: Path) -> str:
    """One `<symbol>`; the id is the file's name, so `microphone-fill` is the filled microphone."""
    found = SVG.search(path.read_text())
    if found is None:
        raise SystemExit(f"{path}: not an SVG this script understands")
    return f'<symbol id="{path.stem}" viewBox="{found["box"]}">{found["body"].strip()}</symbol>'


def sprite() -> str:
    paths = sorted(VENDOR.glob("phosphor-*/*/*.svg"), key=lambda path: path.stem)
    symbols = "\n".join(symbol(path) for path in paths)
    return f'<svg xmlns="http://www.w3.org/2000/svg" fill="currentColor">\n{symbols}\n</svg>\n'


def listing() -> str:
    """Every vendored file with its SHA-256, so that a test sees a file that was changed, added or lost."""
    packages = []
    for folder in sorted(path for path in VENDOR.iterdir() if path.is_dir()):
        name, _, version = folder.name.rpartition("-")
        files = {
            path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        packages.append({"name": name, "version": version, **PACKAGES[name], "sha256": files})
    return json.dumps(packages, indent=1) + "\n"


def main() -> int:
    wanted = {SPRITE: sprite(), LISTING: listing()}
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            sys.stderr.write(f"{path.relative_to(STATIC.parent)} is out of date: run python static/icons/build.py\n")
        return 1 if stale else 0
    for path in stale:
        path.write_text(wanted[path])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
