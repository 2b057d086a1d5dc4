"""Where everybody stands in the film: pure arithmetic. The picture stays one size; a screen moves the people aside."""

import math
from dataclasses import dataclass

WIDTH, HEIGHT = 1280, 720
# Two people side by side need no more; a tall picture would only encode black.
HEIGHT_OF_TWO = 480
SIDE = 320


@dataclass(frozen=True)
class Box:
    """A place in the picture. All numbers are even: colour has half the lines."""

    x: int
    y: int
    width: int
    height: int


def picture_size(people: int, *, screen: bool) -> tuple[int, int]:
    """Size of the film."""
    return (WIDTH, HEIGHT_OF_TWO) if people == 2 and not screen else (WIDTH, HEIGHT)


def grid(area: Box, count: int) -> list[Box]:
    """The places of `count` people in an area, as large as they can be at 16:9 or 4:3, in rows."""
    if count == 0:
        return []
    columns = max(range(1, count + 1), key=lambda n: (_tile_area(area, n, count), -n))
    rows = math.ceil(count / columns)
    width, height = even(area.width // columns), even(area.height // rows)
    places = []
    for index in range(count):
        row, column = divmod(index, columns)
        in_row = min(columns, count - row * columns)
        indent = even((area.width - in_row * width) // 2)
        places.append(Box(area.x + indent + column * width, area.y + row * height, width, height))
    return places


def beside_screen(size: tuple[int, int], people: int) -> tuple[Box, list[Box]]:
    """The screen's place, and the people's in a column beside it."""
    width, height = size
    return Box(0, 0, width - SIDE, height), grid(Box(width - SIDE, 0, SIDE, height), people)


def fitted(box: Box, width: int, height: int) -> Box:
    """The largest picture of that shape inside a place, in its middle."""
    scale = min(box.width / width, box.height / height)
    inside_width, inside_height = max(2, even(int(width * scale))), max(2, even(int(height * scale)))
    x = box.x + even((box.width - inside_width) // 2)
    y = box.y + even((box.height - inside_height) // 2)
    return Box(x, y, inside_width, inside_height)


def even(number: int) -> int:
    return number // 2 * 2


def _tile_area(area: Box, columns: int, count: int) -> float:
    width, height = area.width / columns, area.height / math.ceil(count / columns)
    used = min(width, height * 16 / 9)
    return used * used * 9 / 16
