"""The recordings' folder on disk: names, modes, numbers, and a part written whole or not at all. Not when, nor what."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from relay.parts import Stream

FIRST = 1
LAST = (
    9_999_999  # of a stream; 115 days of parts. The reader (recordings/parts.py) takes what is above for a stranger's
)
LEAST_RESERVE = 1 << 30
_RESERVED_PART = 20  # one of so many parts of the file system
_PART = re.compile(r"([0-9]{8})\.age")
_TEMPORARY = re.compile(r"\.[0-9a-f]{16}-[0-9]+\.part")
_STALE_SECONDS = 60.0  # nobody is that long about one part
_TRIES = 8
_FAR = 100_000  # further above the one below it, a number is not the relay's: a day and more of parts cannot be missing
_MAX_OPEN = 256  # folders kept open; the process may have 1,024 files
_LOOK_SECONDS = 0.1  # how long what is known of the disk's room holds
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(slots=True)
class Order:
    """A part that is to be on disk: `make` makes its bytes from the number it gets.

    Once written `size` is its bytes and `number` the one it has; else `error` says why it is not.
    """

    stream: Stream
    number: int
    make: Callable[[int], bytes] = field(repr=False)
    size: int = 0
    error: Exception | None = None


@dataclass(slots=True)
class _Draft:
    """One try at an order: the folder, and in it a file that is not placed yet."""

    order: Order
    folder: int = -1
    file: int = -1
    name: str = ""
    size: int = 0
    placed: bool = False


class Shelf:
    """`<root>/<recording>/<stream>/<number>.age`. Every method may block; all but `write` raise OSError.

    Threads share it; about one stream only one of them asks at a time.
    """

    def __init__(self, root: Path, reserve: int | None = None, group: int | None = None) -> None:
        self.free = 0  # bytes left, as of the last look
        self._root = root
        self._wanted_reserve = reserve
        self._reserve = 0
        self._looked_at = -_LOOK_SECONDS
        self._group = group
        self._me = secrets.token_hex(8)  # another relay may write into the same folder
        self._count = count()
        self._folders: dict[Stream, int] = {}

    def prepare(self) -> None:
        """Make the root if it is not there, and whatever stands above it, for us alone."""
        missing = [path for path in (self._root, *self._root.parents) if not path.exists()]
        for path in reversed(missing):
            path.mkdir(mode=0o700, exist_ok=True)
        root = os.open(self._root, _FOLDER)
        try:
            if missing and self._group is not None:
                self._share(root, 0o2770)
        finally:
            os.close(root)
        self._look()

    def has_room(self, size: int) -> bool:
        """Whether so many bytes may be written without touching the reserve."""
        if time.monotonic() - self._looked_at >= _LOOK_SECONDS:
            self._look()
        return self.free - size >= self._reserve

    def _look(self) -> None:
        found = os.statvfs(self._root)
        self._reserve = (
            max(LEAST_RESERVE, found.f_blocks * found.f_frsize // _RESERVED_PART)
            if self._wanted_reserve is None
            else self._wanted_reserve
        )
        self.free = found.f_bavail * found.f_frsize
        self._looked_at = time.monotonic()

    def next_number(self, stream: Stream) -> int:
        """For a stream that is opened: one above the highest there is. Removes what a killed relay left unfinished."""
        with self._folder(stream) as folder:
            for name in os.listdir(folder):
                if _TEMPORARY.fullmatch(name):
                    with contextlib.suppress(FileNotFoundError):
                        written_at = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mtime
                        if time.time() - written_at > _STALE_SECONDS:
                            os.unlink(name, dir_fd=folder)
            return _highest(folder) + 1

    def write(self, orders: Iterable[Order]) -> None:
        """Write each under its number or, when another relay took that, a higher one. Raises nothing: see the orders.

        All of them step by step, because the first sync of a step carries most of the others' along.
        """
        wanting = list(orders)
        for _ in range(_TRIES):
            if not wanting:
                return
            wanting = self._try(wanting)
        for order in wanting:
            order.error = FileExistsError("somebody else takes every number")

    def forget(self, stream: Stream) -> None:
        """Nothing more of it for now, or its folder may be another one by now."""
        folder = self._folders.pop(stream, None)
        if folder is not None:
            with contextlib.suppress(OSError):
                os.close(folder)

    def _try(self, orders: Iterable[Order]) -> list[Order]:
        """Returns those whose number was taken, each with the next one."""
        with contextlib.ExitStack() as stack:
            drafts = [_Draft(order) for order in orders]
            drafts = _those_that(lambda draft: self._begin(draft, stack), drafts)
            drafts = _those_that(lambda draft: os.fsync(draft.file), drafts)
            drafts = _those_that(_place, drafts)
            taken = _those_that(_renumber, [draft for draft in drafts if not draft.placed])
            for draft in _those_that(lambda draft: os.fsync(draft.folder), [one for one in drafts if one.placed]):
                draft.order.size = draft.size
                self.free -= draft.size
        return [draft.order for draft in taken]

    def _begin(self, draft: _Draft, stack: contextlib.ExitStack) -> None:
        """The whole part, under a name that nobody reads."""
        order = draft.order
        if order.number > LAST:
            raise OSError(errno.EOVERFLOW, "no number is left")
        data = order.make(order.number)
        draft.size = len(data)
        draft.folder = stack.enter_context(self._folder(order.stream))
        draft.name = f".{self._me}-{next(self._count)}.part"
        mode = 0o660 if self._hands_on(draft.folder) else 0o600
        draft.file = os.open(draft.name, _NEW_FILE, mode, dir_fd=draft.folder)
        stack.callback(_remove, draft)
        if self._group is not None:
            self._share(draft.file, 0o660)
        written = os.write(draft.file, data)
        while written < len(data):
            written += os.write(draft.file, data[written:])

    @contextlib.contextmanager
    def _folder(self, stream: Stream) -> Iterator[int]:
        """The stream's folder, made if need be, and kept open while there are not too many."""
        folder = self._folders.get(stream)
        if folder is None:
            folder = self._reach(stream)
            if len(self._folders) >= _MAX_OPEN:
                try:
                    yield folder
                finally:
                    os.close(folder)
                return
            self._folders[stream] = folder
        yield folder

    def _reach(self, stream: Stream) -> int:
        """No name on the way may be a symbolic link; only the root may."""
        root = os.open(self._root, _FOLDER)
        try:
            recording = self._inner(stream.recording, root)
        finally:
            os.close(root)
        try:
            return self._inner(stream.stream, recording)
        finally:
            os.close(recording)

    def _inner(self, name: str, parent: int) -> int:
        try:
            return os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=parent)
        except FileNotFoundError:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o770 if self._hands_on(parent) else 0o700, dir_fd=parent)
        folder = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=parent)
        try:
            if self._group is not None:
                self._share(folder, 0o2770)
            os.fsync(parent)
        except OSError:
            os.close(folder)
            raise
        return folder

    def _hands_on(self, folder: int) -> bool:
        """Whether what is made in it has the group from its first moment."""
        if self._group is None:
            return False
        found = os.fstat(folder)
        return found.st_gid == self._group and bool(found.st_mode & stat.S_ISGID)

    def _share(self, file: int, mode: int) -> None:
        """Its group first, then the mode: at no moment may another group read it.

        Only what is not so already: a unit of systemd may neither change owners nor set that bit.
        """
        assert self._group is not None
        found = os.fstat(file)
        if found.st_gid != self._group:
            os.fchown(file, -1, self._group)
        if stat.S_IMODE(found.st_mode) != mode:
            os.fchmod(file, mode)


def _those_that(step: Callable[[_Draft], object], drafts: Iterable[_Draft]) -> list[_Draft]:
    """Take the step with each; those that could not say why in their order, and go no further."""
    done = []
    for draft in drafts:
        try:
            step(draft)
        except Exception as error:  # noqa: BLE001 - one part must not cost the others
            draft.order.error = error
        else:
            done.append(draft)
    return done


def _place(draft: _Draft) -> None:
    """A link and not a rename: it never replaces a part that stands there."""
    name = f"{draft.order.number:08}.age"
    try:
        os.link(draft.name, name, src_dir_fd=draft.folder, dst_dir_fd=draft.folder)
        draft.placed = True
    except FileExistsError:
        draft.placed = False
    # Before the folder is synced: after that nothing of it is left but the part.
    os.unlink(draft.name, dir_fd=draft.folder)
    draft.name = ""


def _renumber(draft: _Draft) -> None:
    draft.order.number = _highest(draft.folder) + 1


def _remove(draft: _Draft) -> None:
    """Whatever is left of it that has no name of its own."""
    os.close(draft.file)
    if draft.name:
        with contextlib.suppress(OSError):
            os.unlink(draft.name, dir_fd=draft.folder)


def _highest(folder: int) -> int:
    """Of those that follow each other: a file that somebody else put there must not lead the numbers to their end."""
    highest = FIRST - 1
    for number in sorted(int(found[1]) for name in os.listdir(folder) if (found := _PART.fullmatch(name))):
        if number > min(highest + _FAR, LAST):
            break
        highest = number
    return highest
