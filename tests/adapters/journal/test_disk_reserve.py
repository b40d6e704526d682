"""Room on the console's disk that is kept for going back."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from console.adapters.journal.chain import JournalFault
from console.adapters.journal.disk_reserve import SIZE, give_room, give_room_if_full, keep_room, reserve_path
from console.adapters.journal.sqlite_store import JournalStore
from console.adapters.statefolder import Modes
from console.model.events import NoteAdded, RollbackBegan, RunOpened
from console.model.plan import Plan
from console.model.request import Person, Request, RunKind
from console.safe_text import SafeText
from tests.recorded import append

ADA = Person("ada", 1000)


def opened(kind: RunKind) -> RunOpened:
    return RunOpened(
        run="r1", kind=kind, app="shop", environment="production", protected=False, by=ADA, request=Request(kind=kind), config_digest="d", hosts=("web01",),
        on_failure="rollback", max_failures=0, pause_after=0, seq=1, at="2026-11-29T12:00:00Z",
    )  # fmt: skip


def test_room_is_kept_once_with_the_modes_of_the_folder_and_given_up(tmp_path: Path):
    keep_room(str(tmp_path), Modes(shared=False))
    path = Path(reserve_path(str(tmp_path)))
    assert (path.stat().st_size, path.stat().st_mode & 0o777) == (SIZE, 0o600)
    assert path.stat().st_blocks * 512 >= SIZE
    keep_room(str(tmp_path), Modes(shared=False))
    give_room_if_full(str(tmp_path))
    assert path.exists()
    assert give_room(str(tmp_path))
    assert not give_room(str(tmp_path))


def test_a_release_keeps_room_and_a_run_that_goes_back_takes_it(tmp_path: Path):
    journal = JournalStore(str(tmp_path / "journal.sqlite3"), Modes(shared=False))
    append(journal, "r1", (opened("deploy"),))
    assert os.path.exists(reserve_path(str(tmp_path)))
    pages = journal._connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    journal._connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    journal._connection.rollback()
    with pytest.raises(JournalFault, match="no room left"):
        append(journal, "r1", (NoteAdded(by=ADA, text=SafeText("x" * 20000), seq=2, at="2026-11-29T12:00:01Z"),))
    assert os.path.exists(reserve_path(str(tmp_path)))
    with pytest.raises(JournalFault, match="no room left"):  # this disk is full by a limit that no file of ours lifts
        append(journal, "r1", (RollbackBegan(plan=Plan("rollback", (), ()), reason=SafeText("x" * 20000), seq=2, at="2026-11-29T12:00:01Z"),))
    assert not os.path.exists(reserve_path(str(tmp_path)))
    journal.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount a small disk")
def test_on_a_disk_that_is_full_a_rollback_is_written(tmp_path: Path):
    script = f"""
import os, sys
from console.adapters.journal.chain import JournalFault
from console.adapters.journal.sqlite_store import JournalStore
from tests.recorded import append
from tests.adapters.journal.test_disk_reserve import opened
journal = JournalStore("{tmp_path}/journal.sqlite3")
append(journal, "r1", (opened("deploy"),))
os.system("cat /dev/zero > {tmp_path}/fill 2> /dev/null")
from console.model.values import changed
try:
    append(journal, "r2", (changed(opened("restart"), run="r2"),))
except JournalFault as fault:
    print("refused:", "no room left" in str(fault))
append(journal, "r3", (changed(opened("rollback"), run="r3"),))
print([one.run for one in journal.runs()])
"""
    argv = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o size=2m,mode=700 none "$1" && exec "$2" -c "$3"', "sh", str(tmp_path), sys.executable, script]
    ran = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3])
    assert ran.stdout.splitlines() == ["refused: True", "['r3', 'r1']"], ran
