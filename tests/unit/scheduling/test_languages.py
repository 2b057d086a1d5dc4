"""Languages by name and by tag, as people type and read them."""

import pytest

from scheduling.languages import UnknownLanguage, name_of, names, said, tags_in


def test_languages_typed_by_name_or_tag_are_found_once_each_and_read_back() -> None:
    typed = "spanish, American Sign Language; es , ASL\nHaitian Creole, K'iche', es-MX, Farsi,"
    found = tags_in(typed)
    assert found == ["es", "ase", "ht", "quc", "es-MX", "fa"]
    assert said(found).startswith("Spanish, American Sign Language, Haitian Creole, K’iche’, Spanish (MX), ")
    assert tags_in(said(found)) == found
    assert tags_in(" , ;") == []


def test_every_language_that_can_be_chosen_is_read_back_as_itself() -> None:
    assert len(names()) > 100
    for tag in names():
        assert tags_in(name_of(tag)) == [tag], tag
    assert len({name.casefold() for name in names().values()}) == len(names())


@pytest.mark.parametrize(
    ("typed", "near"), [("Spansh", "Spanish"), ("qqq", ""), ("es-!", ""), ("<b>", ""), ("x" * 400, "")]
)
def test_language_that_there_is_not_is_told_with_what_may_be_meant(typed: str, near: str) -> None:
    with pytest.raises(UnknownLanguage) as unknown:
        tags_in(f"French, {typed}")
    assert unknown.value.typed == typed
    assert not near or unknown.value.near == near


def test_tag_of_a_language_without_a_name_is_shown_as_it_is() -> None:
    assert name_of("qaa-QM") == "qaa-QM"
