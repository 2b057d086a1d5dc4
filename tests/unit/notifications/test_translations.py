"""The words of messages in other languages are whole, and what Django reads is what people wrote."""

import gettext
import importlib.util
import io
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from notifications.languages import LANGUAGES

ROOT = Path(__file__).resolve().parents[3]
BUILD = ROOT / "locale" / "build.py"


@pytest.fixture(scope="module")
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("locale_build", BUILD)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_text_is_translated_and_the_mo_files_are_up_to_date() -> None:
    done = subprocess.run([sys.executable, BUILD, "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_language_but_english_has_its_words() -> None:
    assert {path.parent.name for path in ROOT.glob("locale/*/*.po")} == set(LANGUAGES) - {"en"}


def test_text_without_a_translation_is_found(build: ModuleType) -> None:
    texts = set(build.said())
    assert build.Text("", "You are next", "") in texts
    assert build.Text("", "Your visit is booked: %(day)s, %(time)s", "") in texts
    assert build.Text("day of a visit, in Django's letters", "l j F Y", "") in texts
    assert any(text.many for text in texts)
    assert len(texts) > 60


def test_made_file_says_what_was_written(build: ModuleType) -> None:
    texts = build.words_of(ROOT / "locale" / "es")
    read = gettext.GNUTranslations(io.BytesIO(build.compiled(texts)))
    for text, said in texts.items():
        if text.many:
            assert [read.ngettext(text.one, text.many, number) for number in (1, 2)] == said
        elif text.context:
            assert [read.pgettext(text.context, text.one)] == said
        elif text.one:
            assert [read.gettext(text.one)] == said


def test_every_translation_keeps_the_names_of_what_is_filled_in(build: ModuleType) -> None:
    for po in ROOT.glob("locale/*/*.po"):
        for text, said in build.texts_of(po).items():
            for one in said if text.one else ():
                assert _names(one) == _names(text.one), text.one


def _names(text: str) -> set[str]:
    return {part.split(")s")[0] for part in text.split("%(")[1:]} if "%(" in text else set()


def test_check_names_a_text_that_nobody_has_translated(
    build: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = {**build.said(), build.Text("", "Nobody has said this before", ""): {"templates/messages/late.txt"}}
    monkeypatch.setattr(build, "said", lambda: texts)
    monkeypatch.setattr(sys, "argv", ["build.py", "--check"])
    assert build.main() == 1
    assert "has no translation: Nobody has said this before" in capsys.readouterr().err
