"""What a host is told when a release comes: the values that its script works with, and the line that answers what it has."""

import subprocess
from collections.abc import Callable

import pytest

from console.core.host.receive_release import LOOKED, how_to_ship, ship

ANSWERS = [
    (lambda: how_to_ship("gzip", 12, 40), b"gzip 12 40 - - 0 -\n"),
    (lambda: how_to_ship("zstd", 3000, 9, base="r1", of=2999, way="links"), b"zstd 3000 9 links r1 2999 -\n"),
    (lambda: how_to_ship("zstd", 1, 1, part="r2.77.part"), b"zstd 1 1 - - 0 r2.77.part\n"),
]


@pytest.mark.parametrize(("said", "wanted"), ANSWERS)
def test_what_comes_is_said_in_one_line_of_words(said: Callable[[], bytes], wanted: bytes) -> None:
    assert said() == wanted


def test_the_script_has_the_values_of_the_release_whatever_is_in_them() -> None:
    script = ship("/srv/it's a shop", "run.1", "20260101T000000Z-abcdef1", "0" * 64)
    values, begun = script.split("\nset -u\n")
    shown = subprocess.run(
        ["sh", "-c", values + '\nprintf "%s|" "$LC_ALL" "$path" "$epoch" "$release" "$manifest"'], capture_output=True, text=True, check=True, timeout=60
    )
    assert shown.stdout.split("|")[:5] == ["C", "/srv/it's a shop", "run.1", "20260101T000000Z-abcdef1", "0" * 64]
    order = [begun.index(part) for part in ('[ -d ".deploy/lock/$epoch" ] || exit 98', f"echo {LOOKED}", "read -r codec entries room way base of part")]
    assert order == sorted(order), "the fence first, then what is there, then the answer"
    assert subprocess.run(["sh", "-n", "-c", script], check=False, timeout=60).returncode == 0
