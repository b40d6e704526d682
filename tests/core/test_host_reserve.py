"""Room that is kept for the way back: made whole or not at all, and given up when a disk takes nothing more."""

import os

import pytest

from console.core.host.host_reserve import EACH, FILES, GIVE, KEEP
from tests.core.shells import Shell


@pytest.fixture
def app(sh: Shell) -> Shell:
    (sh.folder / ".deploy").mkdir()
    return sh


def full(app: Shell) -> str:
    """A disk that takes nothing: a printf that fails as one does there."""
    return "printf() { return 1; }\n"


def names(app: Shell) -> set[str]:
    return {path.name for path in (app.folder / ".deploy").iterdir()}


def test_the_room_is_a_mebibyte_in_many_files_so_that_inodes_are_kept_too(app: Shell):
    app.said(f"{KEEP}keep_room")
    kept = app.folder / ".deploy" / "reserve"
    assert sorted(int(path.name) for path in kept.iterdir()) == list(range(64))
    assert {path.stat().st_size for path in kept.iterdir()} == {16384}
    assert FILES * EACH == 2**20
    assert names(app) == {"reserve"}


def test_room_that_is_there_is_left_alone(app: Shell):
    (app.folder / ".deploy" / "reserve").mkdir()
    (app.folder / ".deploy" / "reserve" / "mine").write_text("x")
    app.said(f"{KEEP}keep_room")
    assert [path.name for path in (app.folder / ".deploy" / "reserve").iterdir()] == ["mine"]


def test_room_that_was_made_by_half_is_made_anew(app: Shell):
    (app.folder / ".deploy" / "reserve.new" / "7").mkdir(parents=True)
    app.said(f"{KEEP}keep_room")
    assert len(list((app.folder / ".deploy" / "reserve").iterdir())) == FILES
    assert names(app) == {"reserve"}


def test_what_another_that_lives_is_making_is_left_to_it_and_what_a_dead_one_left_is_removed(app: Shell):
    living, dead = (app.folder / ".deploy" / f"reserve.new.{process}" for process in (os.getpid(), 2**22 + 1))
    for folder in (living, dead):
        folder.mkdir()
    app.said(f"{KEEP}keep_room")
    assert names(app) == {"reserve", living.name}


def test_another_that_makes_it_at_the_same_time_is_no_full_disk(app: Shell):
    meanwhile = "printf() { mkdir -p .deploy/reserve/theirs; return 1; }\n"
    app.said(f"{meanwhile}{KEEP}keep_room")
    assert names(app) == {"reserve"}
    assert [path.name for path in (app.folder / ".deploy" / "reserve").iterdir()] == ["theirs"]


def test_on_a_full_disk_none_of_it_is_made(app: Shell):
    assert app.run(f"{full(app)}{KEEP}keep_room").returncode == 1
    assert names(app) == set()


def test_where_nothing_can_be_made_that_is_an_answer(sh: Shell):
    assert sh.run(f"{KEEP}keep_room").returncode == 1


def test_giving_it_up_says_whether_there_was_some(app: Shell):
    app.said(f"{KEEP}keep_room")
    assert app.run(f"{GIVE}give_room").returncode == 0
    assert names(app) == set()
    assert app.run(f"{GIVE}give_room").returncode == 1


def test_a_disk_with_room_gives_nothing_up(app: Shell):
    app.said(f"set -eu\n{KEEP}{GIVE}keep_room\nroom_or_give")
    assert names(app) == {"reserve"}


def test_a_full_disk_gives_it_up(app: Shell):
    app.said(f"{KEEP}keep_room")
    app.said(f"set -eu\n{full(app)}{GIVE}room_or_give")
    assert names(app) == set()


def test_a_full_disk_without_a_reserve_ends_nothing(app: Shell):
    assert app.said(f"set -eu\n{full(app)}{GIVE}room_or_give\necho on") == ["on"]
    assert names(app) == set()
