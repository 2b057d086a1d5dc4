"""Who may import whom, checked on what stands and on what would break it."""

import subprocess
import sys

from tests.architecture.sources import ROOT


def test_import_contracts_hold() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run(['--no-cache'])"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_import_of_relay_loads_no_django() -> None:
    code = (
        "import pkgutil, importlib, sys, relay\n"
        "for found in pkgutil.walk_packages(relay.__path__, 'relay.'):\n"
        "    if not found.name.endswith('__main__'): importlib.import_module(found.name)\n"
        "rooms = 'django channels accounts audit consent consults core recordings scheduling signaling telehealth'\n"
        "print(*[name for name in rooms.split() if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
