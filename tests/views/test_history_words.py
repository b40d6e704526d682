"""A run as a line of the history: from what to what, who or what had it taken back, and why."""

from dataclasses import replace

import pytest

from console.model.run_summary import RunSummary
from console.safe_text import SafeText
from console.views.history_words import change_words, ended_words, history_rows, short_change, why_words

RUN = RunSummary(
    "20261124T071407Z-production-3f2a", "shop", "production", "deploy", "v2", "3f2a91c" * 5, "rolling", "ada", "2026-11-24T07:14:07Z", "2026-11-24T07:19:37Z",
    "succeeded", 0, from_version="v1", asked="person",
)  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "v1 → v2"), ({"from_version": ""}, "v2"), ({"from_version": "v2"}, "v2"), ({"version": ""}, "v1 → 3f2a91c"), ({"version": "", "commit": ""}, "v1"),
        ({"version": "", "commit": "", "from_version": ""}, ""),
    ],
)  # fmt: skip
def test_from_what_to_what(fields: dict[str, str], words: str):
    assert change_words(replace(RUN, **fields)) == words


@pytest.mark.parametrize(
    ("fields", "cells", "words"),
    [
        ({}, 18, "v1 → v2"), ({"kind": "rollback"}, 18, "rollback v1 → v2"), ({"kind": "rollback"}, 14, "rollback → v2"),
        ({"kind": "rollback", "from_version": ""}, 9, "rollback v2"), ({"version": "", "commit": "", "kind": "restart"}, 5, "restart v1"),
    ],
)  # fmt: skip
def test_where_there_is_little_room_it_says_where_it_went(fields: dict[str, str], cells: int, words: str):
    assert short_change(replace(RUN, **fields), cells) == words


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, ""),
        ({"reason": SafeText("hotfix: CVE")}, "hotfix: CVE"),
        ({"kind": "rollback"}, "asked for"),
        ({"kind": "rollback", "reason": SafeText("errors")}, "asked for: errors"),
        ({"outcome": "rolled-back", "asked": "automatic", "reason": SafeText("web01 failed")}, "automatic: web01 failed"),
        ({"kind": "catch-up", "asked": "automatic"}, "automatic"),
        ({"outcome": "rolled-back", "asked": ""}, ""),
        ({"outcome": "rolled-back", "asked": "nobody", "reason": SafeText("web01 failed; no host was changed")}, "web01 failed; no host was changed"),
    ],
)
def test_who_or_what_and_why(fields: dict[str, object], words: str):
    assert why_words(replace(RUN, **fields)) == words


def test_the_columns_of_the_history_line_up_whatever_stands_in_them():
    other = replace(RUN, run="20261124T071407Z-qa-3f2a", kind="rollback", version="v1.10.0-rc.1", from_version="v1.9.12-rc.4", by="katharina-w", asked="")
    runs = (
        replace(RUN, outcome="rolled-back", asked="automatic", reason=SafeText("web01 failed")),
        other,
        replace(RUN, outcome=None, version="", commit="", from_version=""),
    )
    rows = history_rows(runs)
    assert rows[0].split() == f"{RUN.run} deploy v1 → v2 ada 2026-11-24T07:14:07 rolled-back automatic: web01 failed".split()
    assert rows[1].split()[:2] == ["20261124T071407Z-qa-3f2a", "rollback"]
    assert {row.index("2026-11-24T") for row in rows} == {rows[0].index("2026-11-24T")}
    assert [row.index(kind) for row, kind in zip(rows, ("deploy", "rollback", "deploy"), strict=True)] == [len(RUN.run) + 2] * 3
    assert rows[2].endswith("2026-11-24T07:14:07  open")


def test_no_runs_are_no_lines():
    assert history_rows(()) == []


def test_a_release_that_failed_before_anything_was_changed_was_not_rolled_back():
    assert [ended_words(replace(RUN, outcome="rolled-back", asked=asked), "open") for asked in ("nobody", "person", "")] == [
        "failed early",
        "rolled-back",
        "rolled-back",
    ]
    assert "  failed early  web01 failed" in history_rows([replace(RUN, outcome="rolled-back", asked="nobody", reason=SafeText("web01 failed"))])[0]
    assert (ended_words(RUN, "open"), ended_words(replace(RUN, outcome=None), "open")) == ("succeeded", "open")
