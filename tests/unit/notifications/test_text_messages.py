"""Letters and segments of text messages."""

import pytest

from notifications import gsm


@pytest.mark.parametrize(("text", "count"), [
    ("a" * 160, 1),
    ("a" * 161, 2),
    ("a" * 306, 2),
    ("a" * 307, 3),
    ("€" * 80, 1),
    ("€" * 81, 2),
    ("ж" * 70, 1),
    ("ж" * 71, 2),
    ("😀" * 35, 1),
    ("😀" * 36, 2),
])  # fmt: skip
def test_segments_are_counted_as_a_provider_counts_them(text: str, count: int) -> None:
    assert gsm.segments(text) == count


@pytest.mark.parametrize(("text", "plain"), [
    ("¿Va a asistir? Año, señor, Nº 5", "¿Va a asistir? Año, señor, No 5"),
    ("miércoles, sábado, aquí, corazón, común", "miércoles, sabado, aqui, corazon, comun"),
    ("“Clinic” – Dr O’Hara…", '"Clinic" - Dr O\'Hara...'),
    ("Łódź", "Łódź"),
    ("Клиника на Невском", "Клиника на Невском"),
])  # fmt: skip
def test_letters_are_spelled_so_that_they_fit_unless_the_text_is_of_another_script(text: str, plain: str) -> None:
    assert gsm.plain(text) == plain
