"""What a clinic's browsers are served: collected once, with scripts that still mean what they meant."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
HASHED = re.compile(r"[a-z-]+\.[0-9a-f]{12}\.js")
IMPORTED = re.compile(r"""(?:from|import\(?)\s*["']\./([^"']+)["']""")
READ_ALL = """
for (const name of fs.readdirSync("static/js").filter((each) => each.endsWith(".js")))
  new vm.SourceTextModule(fs.readFileSync(`static/js/${name}`, "utf8"), { identifier: name });
"""


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`static/` as it is served, with the tests of our scripts beside it."""
    var = tmp_path_factory.mktemp("collected")
    command = [sys.executable, str(ROOT / "manage.py"), "collectstatic", "--noinput", "-v", "0"]
    environment = {"HOUSECALL_VAR": str(var), "DEMO": "1", "STATIC_COLLECTED": "1", "PATH": "/usr/bin:/bin"}
    subprocess.run(command, check=True, env=environment, timeout=120)
    shutil.copytree(ROOT / "tests" / "js", var / "tests" / "js")
    shutil.copy(ROOT / "package.json", var)
    # Some look into these too.
    (var / "templates").symlink_to(ROOT / "templates")
    return var


@pytest.mark.slow
def test_every_collected_script_is_read_and_passes_the_tests_of_its_source(collected: Path) -> None:
    sources = list((ROOT / "static" / "js").glob("*.js"))
    assert sources
    for source in sources:
        script = collected / "static" / "js" / source.name
        assert script.stat().st_size < source.stat().st_size or source.name == "types.js", source.name
    hashed = [path for path in (collected / "static" / "js").glob("*.js") if HASHED.fullmatch(path.name)]
    assert len(hashed) == len(sources)
    for script in hashed:
        for name in IMPORTED.findall(script.read_text()):
            assert HASHED.fullmatch(name), (script.name, name)
            assert (script.parent / name).stat().st_size, (script.name, name)
    _node(collected, "--experimental-vm-modules", "--no-warnings", "--eval", READ_ALL)
    tests = [str(path) for path in (collected / "tests" / "js").glob("*.test.js")]
    _node(collected, "--test", *tests)


@pytest.mark.slow
def test_vendored_scripts_are_served_as_their_makers_sealed_them(collected: Path) -> None:
    vendored = list((ROOT / "static" / "vendor").rglob("*.js"))
    assert vendored
    for path in vendored:
        served = collected / "static" / path.relative_to(ROOT / "static")
        assert served.read_bytes() == path.read_bytes(), path.name


def _node(folder: Path, *arguments: str) -> None:
    answer = subprocess.run(["node", *arguments], capture_output=True, text=True, check=False, cwd=folder)
    assert answer.returncode == 0, answer.stdout[-4000:] + answer.stderr[-4000:]
