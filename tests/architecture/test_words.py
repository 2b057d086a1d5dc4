"""No word that people read is left without a mark for translation: on pages, in scripts, and in what Python says."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tests.architecture.sources import ROOMS, ROOT

# The relay speaks to no person.
SPEAKING = [room for room in ROOMS if room != "relay"]

FINDER = ROOT / "locale" / "unmarked.py"
# A worker has no catalogue: what it says by itself is said only where a push came without words.
WITHOUT_CATALOGUE = {"static/js/worker.js"}


@pytest.fixture(scope="module")
def finder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("unmarked", FINDER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("place", ["templates", "static/js", *SPEAKING])
def test_every_word_that_people_read_is_marked(finder: ModuleType, place: str) -> None:
    files = [path for path in (ROOT / place).rglob("*") if path.is_file() and "migrations" not in path.parts]
    found = [f"{path.relative_to(ROOT)}:{line}: {words}" for path in files for line, words in finder.unmarked(path)]
    assert [one for one in found if one.partition(":")[0] not in WITHOUT_CATALOGUE] == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("page.html", "<p>Come in</p>"),
        ("page.html", '<button aria-label="Close">{% icon "x" %}</button>'),
        ("page.html", "{% if late %}You are late{% endif %}"),
        ("form.py", 'raise Conflict("Come back later.")'),
        ("form.py", 'name = forms.CharField(label="Your name")'),
        ("form.py", 'raise Invalid(f"{name} is too long")'),
        ("page.js", 'place.textContent = "Your visit has begun.";'),
        ("page.js", "place.textContent = `${name} waits for you`;"),
    ],
)
def test_word_without_a_mark_is_found(finder: ModuleType, tmp_path: Path, name: str, text: str) -> None:
    written = tmp_path / name
    written.write_text(text, encoding="utf-8")
    assert len(finder.unmarked(written)) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("page.html", '{% translate "Come in" %} <b>{{ name }}</b> {% blocktranslate %}is here{% endblocktranslate %}'),
        ("form.py", 'raise Conflict(_("Come back later."))'),
        ("page.js", 'place.textContent = gettext("Your visit has begun.");'),
    ],
)
def test_word_with_a_mark_is_none(finder: ModuleType, tmp_path: Path, name: str, text: str) -> None:
    written = tmp_path / name
    written.write_text(text, encoding="utf-8")
    assert finder.unmarked(written) == []
