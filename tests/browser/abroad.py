"""A Chromium inside a network namespace, reached as ever; it finds the house there under the name localhost."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from tests.faults.roaming import SERVER


def chromium_inside(browser_type: Any, folder: Path, inside: Sequence[str], flags: Sequence[str]) -> Browser:
    """`inside` goes before its command line; `folder` keeps the script that says so."""
    program = folder / f"chromium-{inside[inside.index('--target') + 1]}"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(inside)} /usr/bin/chromium "$@"\n')
    program.chmod(0o700)
    resolve = f"--host-resolver-rules=MAP localhost {SERVER}"
    browser: Browser = browser_type.launch(executable_path=str(program), args=[*flags, resolve])
    return browser
