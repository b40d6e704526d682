"""The lines of runs that SQLite alone finds are those that the journal finds."""

import sqlite3

import msgspec
import pytest

from console.adapters.journal.run_search import find_summaries
from console.adapters.journal.store import JournalStore
from console.adapters.statefolder import Modes
from console.model.events import RunEnded, stamped
from tests.adapters.journal.test_contract import opened
from tests.recorded import append


@pytest.fixture
def journal(tmp_path):
    made = JournalStore(str(tmp_path / "journal.sqlite3"), Modes(shared=False))
    for number, (run, app) in enumerate((("20260101T1-shop", "shop"), ("20260101T1-shop-2", "shop"), ("20260202T1-x%_y", "mail")), 1):
        append(made, run, (opened(run, f"2026-01-0{number}T00:00:00Z", app=app),))
    over = msgspec.structs.replace(opened("20260303T1-exec", "2026-01-04T00:00:00Z"), kind="exec")
    append(made, "20260303T1-exec", (over,))
    append(made, "20260101T1-shop", (stamped(RunEnded(outcome="succeeded", exit=0), 2, "2026-01-05T00:00:00Z", 1.0, "boot"),))
    yield made
    made.close()


@pytest.mark.parametrize("text", ["20260101", "20260101T1-shop", "20260202T1-x%", "%", "nope", "last"])
def test_a_run_that_is_named_is_the_journals(journal, text):
    assert find_summaries(journal.path, text) == journal.find_run(text)


def test_nothing_means_what_is_open_and_an_app_leaves_others_out(journal):
    assert [run.run for run in find_summaries(journal.path, "")] == ["20260202T1-x%_y", "20260101T1-shop-2"]
    assert [run.run for run in find_summaries(journal.path, "", "shop")] == ["20260101T1-shop-2"]
    assert find_summaries(journal.path, "last", "mail") == journal.find_run("20260202")


def test_what_it_cannot_read_is_left_to_the_journal(journal, tmp_path):
    assert find_summaries(str(tmp_path / "nothing"), "last") is None
    (tmp_path / "garbage").write_bytes(b"garbage" * 1000)
    assert find_summaries(str(tmp_path / "garbage"), "last") is None
    journal.close()
    with sqlite3.connect(journal.path) as newer:
        newer.execute("PRAGMA user_version=99")
    newer.close()
    assert find_summaries(journal.path, "last") is None
