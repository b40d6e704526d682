"""Migrations read in a process of its own: however many there are, and whatever a file does to it."""

import time

import pytest

from console.adapters.database.migration_reader import read_texts
from console.model.database_facts import MigrationText
from console.safe_text import SafeText

DEEP = "SELECT " + "1+" * 200_000 + "1;"


def files(*texts: str) -> tuple[MigrationText, ...]:
    return tuple(MigrationText(SafeText(f"db/{number}.sql"), text) for number, text in enumerate(texts))


async def test_hundreds_of_files_are_read_in_seconds_and_know_of_one_another():
    texts = files("CREATE TABLE fresh (id int);", *[f"ALTER TABLE fresh ADD c{n} int; ALTER TABLE t{n} ALTER c TYPE text;" for n in range(400)])
    begun = time.monotonic()
    found = await read_texts(texts, 300)
    assert time.monotonic() - begun < 60
    assert [one.migration.path for one in found] == [one.path for one in texts]
    assert [[(touch.table, touch.made) for touch in one.migration.touches] for one in found[1:3]] == [
        [("fresh", "here"), ("t0", "")],
        [("fresh", "here"), ("t1", "")],
    ]


async def test_a_file_that_ends_the_parser_takes_no_other_with_it():
    found = await read_texts(files("CREATE TABLE fresh (id int)", DEEP, "ALTER TABLE fresh ADD x int; TRUNCATE a"), 300)
    assert [one.migration.unread[0].message if one.migration.unread else "" for one in found] == ["", "PostgreSQL's parser ended on it", ""]
    assert [(touch.table, touch.made) for touch in found[2].migration.touches] == [("fresh", "here"), ("a", "")]


@pytest.mark.parametrize("deadline", [0.0, 0.001])
async def test_what_is_not_read_in_time_is_said(deadline: float):
    (found,) = await read_texts(files("-- old-code: ok\nTRUNCATE a"), deadline)
    assert (found.migration.old_code, found.migration.touches) == ("ok", ())
    assert "it was not read within" in found.migration.unread[0].message
