"""The whole film, moment by moment: read what is due, draw it, mix it, encode it. Processes and pipes are elsewhere."""

from collections.abc import Callable, Sequence
from typing import Any

from recordings.mixing import layout
from recordings.mixing.canvas import Canvas
from recordings.mixing.film import FPS, Film
from recordings.mixing.layout import Box
from recordings.mixing.sound import CHUNK, RATE, Mixer
from recordings.mixing.sources import Source

TELL_EVERY_MS = 1000


def mix(*, sources: Sequence[Source], output: Any, kind: str, duration_ms: int, tell: Callable[[int], None]) -> None:
    """Write the film of all sources to `output`; `tell` hears once a second of the film how far it is, in ms."""
    people = [source for source in sources if source.kind == "person"]
    screens = [source for source in sources if source.kind == "screen"]
    scene = _Scene(people, screens)
    film = Film(output, kind, scene.canvas.size)
    mixer = Mixer([source.sound for source in people])
    heard = 0
    for number in range(max(1, duration_ms * FPS // 1000)):
        now_ms = number * 1000 // FPS
        for source in sources:
            source.move_to(now_ms)
        film.show(scene.at())
        while heard * 1000 < (number + 1) * RATE * 1000 // FPS:
            film.sound(mixer.take())
            heard += CHUNK
        if now_ms % TELL_EVERY_MS == 0:
            tell(now_ms)
    film.close()


class _Scene:
    """Who stands where now."""

    def __init__(self, people: list[Source], screens: list[Source]) -> None:
        self._people, self._screens = people, screens
        self.canvas = Canvas(*layout.picture_size(len(people), screen=bool(screens)))
        width, height = self.canvas.size
        self._whole = Box(0, 0, width, height)
        self._alone = layout.grid(self._whole, len(people))
        self._screen, self._aside = layout.beside_screen(self.canvas.size, len(people))
        self._shown: Source | None = None
        self._drawn: set[int] = set()

    def at(self) -> Any:
        screen = next((each for each in reversed(self._screens) if each.picture is not None), None)
        if screen is not self._shown:
            self.canvas.clear(self._whole)
            self._drawn.clear()
            self._shown = screen
        places = self._alone if screen is None else self._aside
        for number, (source, box) in enumerate(zip(self._people, places, strict=True)):
            self._draw(number, source, box)
        if screen is not None:
            self._draw(len(self._people), screen, self._screen)
        return self.canvas.frame()

    def _draw(self, who: int, source: Source, box: Box) -> None:
        if source.picture is None:
            if who in self._drawn:
                self.canvas.clear(box)
                self._drawn.discard(who)
        elif source.is_fresh or who not in self._drawn:
            self.canvas.draw(who, source.picture, box)
            self._drawn.add(who)
            source.is_fresh = False
