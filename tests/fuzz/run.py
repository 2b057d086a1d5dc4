"""`python -m tests.fuzz.run TARGET [libFuzzer's flags]`: fuzz one parser, guided by coverage where atheris exists.

Without it (Python 3.14, or another machine than x86-64 Linux) the seeds are changed at random, which finds less.
"""

import importlib.util
import random
import sys
from pathlib import Path

from django.conf import settings

CORPUS = Path(__file__).parent / "corpus"
BLIND_RUNS = 3_000
GUIDED = importlib.util.find_spec("atheris") is not None


def main() -> int:
    if len(sys.argv) < 2:
        sys.stderr.write(f"{__doc__}\nTargets: {', '.join(sorted(path.name for path in CORPUS.iterdir()))}\n")
        return 2
    name = sys.argv.pop(1)
    # The words of refusals are asked for: here they are the English ones, without the house.
    if not settings.configured:
        settings.configure(USE_I18N=False)
    if GUIDED:
        return _guided(name)
    return _blind(name)


def _guided(name: str) -> int:
    import atheris

    with atheris.instrument_imports(
        include=["relay", "signaling", "recordings.parts", "recordings.assembly", "tests.fuzz.targets"]
    ):
        from tests.fuzz.targets import TARGETS
    # Findings are new inputs; the seeds of the repository are only read. The first folder is the one written to.
    folders = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    flags = [argument for argument in sys.argv[1:] if argument.startswith("-")]
    atheris.Setup([sys.argv[0], "-timeout=10", "-max_len=20000", *flags, *folders, str(CORPUS / name)], TARGETS[name])
    atheris.Fuzz()
    return 0


def _blind(name: str) -> int:
    from tests.fuzz.targets import TARGETS

    sys.stderr.write("atheris is not installed for this Python and machine: seeds are changed at random, unguided.\n")
    dice, target = random.Random(name), TARGETS[name]
    seeds = [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]
    for seed in seeds:
        target(seed)
    for _ in range(BLIND_RUNS):
        target(mutant(dice, seeds))
    sys.stderr.write(f"Done {BLIND_RUNS + len(seeds)} runs, unguided\n")
    return 0


def mutant(dice: random.Random, seeds: list[bytes]) -> bytes:
    """A seed with a few changes: bytes flipped, cut out, doubled, or taken from another seed."""
    data = bytearray(dice.choice(seeds))
    for _ in range(dice.randint(1, 8)):
        start = dice.randrange(len(data) + 1)
        end = min(len(data), start + dice.randrange(1, 33))
        other = dice.choice(seeds)
        cut = dice.randrange(len(other) + 1)
        match dice.randrange(5):
            case 0 if data:
                data[start % len(data)] = dice.randrange(256)
            case 1:
                del data[start:end]
            case 2:
                data[start:start] = data[start:end]
            case 3:
                data[start:end] = other[cut : cut + end - start]
            case _:
                data[start:start] = dice.randbytes(dice.randrange(1, 9))
    return bytes(data)


if __name__ == "__main__":
    sys.exit(main())
