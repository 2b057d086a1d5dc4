"""What pages are made of: no inline script or style, and vendored files as they were taken in."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, name

# Mails are no pages: no policy of ours reaches a mail program, and no style sheet.
MAILS = ROOT / "templates" / "messages"
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.html") if MAILS not in path.parents)
VENDOR = ROOT / "static" / "vendor"
INLINE = {
    "style element": re.compile(r"<style\b", re.IGNORECASE),
    "style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "event attribute": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "htmx event attribute": re.compile(r"\shx-on[:-]", re.IGNORECASE),
    "script address": re.compile(r"javascript:", re.IGNORECASE),
    # Modules name each other by hashed names (telehealth/static.py); under two names one would be loaded twice.
    "script by its plain name": re.compile(r"{% get_static_prefix %}js/|/static/js/"),
    "address elsewhere": re.compile(r"(?:src|href)\s*=\s*[\"'](?:https?:)?//", re.IGNORECASE),
}
SCRIPT = re.compile(r"<script\b(?P<attributes>[^>]*)>(?P<body>.*?)</script>", re.IGNORECASE | re.DOTALL)


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_template_has_nothing_inline(path: Path) -> None:
    text = re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", path.read_text(), flags=re.DOTALL)
    found = [what for what, pattern in INLINE.items() if pattern.search(text)]
    found += [
        "script" for script in SCRIPT.finditer(text) if script["body"].strip() or "src=" not in script["attributes"]
    ]
    assert found == []


@pytest.mark.parametrize("path", sorted(MAILS.rglob("*.html")), ids=name)
def test_mail_runs_nothing_and_asks_nobody(path: Path) -> None:
    text = re.sub(r"{#.*?#}", "", path.read_text(), flags=re.DOTALL)
    styles = {"style element", "style attribute"}
    found = [what for what, pattern in INLINE.items() if what not in styles and pattern.search(text)]
    assert found == []
    assert not re.search(r"<(script|img|link|iframe|object|form)\b|url\(", text, re.IGNORECASE)


@pytest.mark.parametrize(
    "text", ['<p style="x">', "<style>", '<a onclick="f()">', '<a href="javascript:f()">', '<img src="//a/b">']
)
def test_inline_patterns_find_what_they_are_for(text: str) -> None:
    assert any(pattern.search(text) for pattern in INLINE.values())


def test_vendored_files_are_as_listed() -> None:
    listed = {
        file: digest
        for package in json.loads((VENDOR / "vendor.json").read_text())
        for file, digest in package["sha256"].items()
    }
    found = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "vendor.json"
    }
    assert found == listed


def test_vendored_packages_carry_their_licence() -> None:
    packages = [path for path in VENDOR.iterdir() if path.is_dir()]
    assert packages
    assert [path.name for path in packages if not list(path.glob("LICEN[CS]E*"))] == []


def test_vendored_files_name_no_source_map() -> None:
    files = [path for path in VENDOR.rglob("*") if path.suffix in {".js", ".mjs", ".css"}]
    assert [name(path) for path in files if "sourceMappingURL" in path.read_text()] == []


def test_icon_sprite_is_up_to_date() -> None:
    done = subprocess.run([sys.executable, "static/icons/build.py", "--check"], cwd=ROOT, check=False)
    assert done.returncode == 0
