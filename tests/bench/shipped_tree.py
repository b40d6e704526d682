"""A release as it is shipped when it is measured: 3,000 files of words, 62 MB, and how 1 % of them changes."""

from pathlib import Path
from random import Random

FILES, MEAN = 3000, 20_700
SHARE = 100
"""One file of so many changes."""


def make(folder: Path) -> None:
    """Write the files."""
    random = Random(1)
    words = _words(random)
    for number in range(FILES):
        place = folder / f"a/d{number // 10 % 20}/e{number // 10}"
        place.mkdir(parents=True, exist_ok=True)
        size = int(random.expovariate(1 / MEAN)) + 10
        (place / f"f{number % 10}.txt").write_bytes(b" ".join(random.choices(words, k=size // 7 + 1))[:size])


def change(folder: Path, random: Random) -> None:
    """Write other words into one file of a hundred."""
    words = _words(random)
    for path in random.sample(sorted(folder.rglob("*.txt")), FILES // SHARE):
        size = path.stat().st_size
        path.write_bytes(b" ".join(random.choices(words, k=size // 7 + 1))[:size])


def _words(random: Random) -> list[bytes]:
    return [bytes(random.choices(b"abcdefghijklmnopqrstuvwxyz", k=random.randint(3, 9))) for _ in range(4000)]
