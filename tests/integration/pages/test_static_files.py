"""The vendored files, the icon sprite and the style sheets; how pages look is checked in tests/browser."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
STATIC = ROOT / "static"
MAILS = ROOT / "templates" / "messages"
VENDOR = STATIC / "vendor"
ICON_TAG = re.compile(r"""\{% icon ["']([a-z-]+)["'](?: ["']([a-z]+)["'])?""")
SCRIPT_ICON = re.compile(r"""\b(?:icon|iconHref)\(\s*["']([a-z-]+)["'](?:,\s*["']([a-z]+)["'])?""")
HEX = re.compile(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b(?!;?[a-z])")
QUOTED_HEX = re.compile(r"""["'`]#(?:[0-9a-fA-F]{3}){1,2}["'`]""")


def symbols() -> set[str]:
    return set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons" / "sprite.svg").read_text()))


def test_sprite_and_listing_are_what_the_vendored_files_make() -> None:
    command = [sys.executable, str(STATIC / "icons" / "build.py"), "--check"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


def test_vendored_files_match_their_listed_sums_and_carry_a_licence() -> None:
    packages = json.loads((VENDOR / "vendor.json").read_text())
    listed = {path: digest for package in packages for path, digest in package["sha256"].items()}
    found = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()} - {"vendor.json"}
    assert found == set(listed)
    for path, digest in listed.items():
        assert hashlib.sha256((VENDOR / path).read_bytes()).hexdigest() == digest, path
    for package in packages:
        assert package["licence"]
        assert f"{package['name']}-{package['version']}/LICENSE" in package["sha256"]


def test_vendored_files_name_no_source_map() -> None:
    for path in VENDOR.rglob("*.css"):
        assert "sourceMappingURL" not in path.read_text(), path


def test_every_icon_named_in_a_template_is_in_the_sprite() -> None:
    known = symbols()
    used = {
        (path, name if weight in ("", "regular") else f"{name}-{weight}")
        for path in (ROOT / "templates").rglob("*.html")
        for name, weight in ICON_TAG.findall(path.read_text())
    }
    assert used, "no template names an icon: the pattern of this test is wrong"
    assert [(path.name, name) for path, name in used if name not in known] == []


def test_every_icon_named_in_a_module_is_in_the_sprite() -> None:
    known = symbols()
    used = {
        (path.name, name if weight in ("", "regular") else f"{name}-{weight}")
        for path in (STATIC / "js").rglob("*.js")
        for name, weight in SCRIPT_ICON.findall(path.read_text())
    }
    assert used, "no module names an icon: the pattern of this test is wrong"
    assert [(path, name) for path, name in used if name not in known] == []


def test_vendored_symbols_are_all_in_use() -> None:
    """By name: a module may put the weight together, so only the symbol's own name is looked for."""
    rooms = [*ROOT.glob("templates/**/*.html"), *ROOT.glob("static/js/**/*.js"), *ROOT.glob("core/templatetags/*.py")]
    named = set(re.findall(r"""["']([a-z]+(?:-[a-z]+)*)["']""", "".join(path.read_text() for path in rooms)))
    vendored = {re.sub("-(bold|fill)$", "", path.stem) for path in VENDOR.glob("phosphor-*/*/*.svg")}
    assert vendored - named == set()


def test_colours_of_mails_are_those_of_the_pages() -> None:
    """A mail program does not know our style sheet, so that they stand in the mails once more."""
    known = {one.lower() for one in HEX.findall((STATIC / "css" / "tokens.css").read_text())}
    used = {one.lower() for path in MAILS.rglob("*.html") for one in HEX.findall(path.read_text())}
    assert used
    assert used - known == set()


def test_colours_are_named_in_tokens_and_nowhere_else() -> None:
    sheets = [path for path in (STATIC / "css").glob("*.css") if path.name != "tokens.css"]
    templates = [path for path in (ROOT / "templates").rglob("*.html") if MAILS not in path.parents]
    for path in [*sheets, *templates]:
        text = re.sub(r'(href|data-[a-z-]+|aria-[a-z]+)="#[^"]*"', "", path.read_text())
        assert HEX.findall(text) == [], path
    for path in (STATIC / "js").rglob("*.js"):
        assert QUOTED_HEX.findall(path.read_text()) == [], path


def test_every_custom_property_in_use_is_declared() -> None:
    text = "".join(path.read_text() for path in (STATIC / "css").glob("*.css"))
    declared = set(re.findall(r"(--hc-[a-z0-9-]+)\s*:", text))
    # a name used with a fallback may be set by a script, or not at all
    used = set(re.findall(r"var\((--hc-[a-z0-9-]+)\)", text))
    assert used - declared == set()
