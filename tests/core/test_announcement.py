"""What people are told, and when a release may not go without that."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.checks.announcement import assess_announcement, assess_delivery, is_major
from console.core.run.evolve import evolve
from console.core.words.announcement_words import Message, after, before, grouped, made_notes
from console.model import events as ev
from console.model.configured_environment import Announce
from console.model.database_facts import Review
from console.model.declared_impact import Impact
from console.model.release_facts import Release
from console.model.request import Request
from console.model.state import HostCondition
from console.model.values import changed
from console.safe_text import SafeLines, SafeText
from tests.core.builders import ADA, a_host_in, a_state, hosts_of
from tests.core.plans import a_run, failing

ONE = Announce(("json://x",))
MAJOR = [Impact(breaking="yes"), Impact(risk="high"), Impact(downtime=60.0)]


@pytest.mark.parametrize("impact", MAJOR)
def test_a_major_change_cannot_go_untold(impact: Impact):
    check = assess_announcement(None, impact)
    assert check.blocks
    assert "--override announcement=REASON" in check.remedy
    assert "GO depends" in assess_announcement(ONE, impact).detail


def test_a_minor_change_may_go_untold_and_a_required_announcement_may_not():
    assert not assess_announcement(None, Impact()).blocks
    assert "GO depends" not in assess_announcement(ONE, Impact()).detail
    assert "GO depends" in assess_announcement(Announce(("json://x",), required=True), Impact()).detail
    assert assess_delivery((SafeText("json://x: 503"),)).blocks
    assert not assess_delivery(()).blocks


def test_changes_are_grouped_by_their_prefix():
    subjects = ["feat: basket", "fix(api): prices", "Tidy up", "feat!: new login"]
    assert grouped(subjects) == ("New:", "- basket", "- new login", "Mended:", "- prices", "Else:", "- Tidy up")
    assert grouped(["One", "Two"]) == ("- One", "- Two")


@given(st.lists(st.text(max_size=40)))
def test_no_change_is_lost(subjects: list[str]):
    assert sum(line.startswith("- ") for line in grouped(subjects)) >= min(len(subjects), 30)


def test_what_is_said_before_and_after():
    run = a_run(3, failing("web02"))
    state = changed(run.state, changes=(SafeText("feat: basket"),), request=changed(run.state.request, impact=Impact(downtime=90.0), hotfix="CVE"))
    told = before(state)
    assert "production: releasing" in told.title
    assert all(words in told.body for words in ("Downtime: 1m30s", "Hotfix in a closed time: CVE", "- basket", "by ada, run r1"))
    noted = before(changed(state, request=changed(state.request, impact=Impact(notes=SafeLines("By hand\n\n- in lines")))))
    assert "\n\nBy hand\n\n- in lines\n\nby ada" in noted.body
    assert "basket" not in noted.body
    ended = after(run.run())
    assert "ROLLED BACK" in ended.title
    assert "basket" not in ended.body
    assert is_major(state.request.impact)


TITLE = "Announcement"
MEND = "name channels: [environments.ENV.announce] to = […], or --override announcement=REASON"
TWO = Announce(("json://x", "json://y"))
BEFORE_GO = [
    ("no channel, a minor change", None, Impact(), ("skipped", "no channel is configured", "", False)),
    ("no channel, a major change", None, Impact(breaking="yes"), ("failed", "a major change, and nobody is told of it", MEND, True)),
    ("one channel", ONE, Impact(), ("passed", "1 channel is told at GO", "", True)),
    ("two channels", TWO, Impact(), ("passed", "2 channels are told at GO", "", True)),
    ("two channels, a major change", TWO, Impact(risk="high"), ("passed", "2 channels are told at GO, which GO depends on", "", True)),
    ("a channel that is required", changed(ONE, required=True), Impact(), ("passed", "1 channel is told at GO, which GO depends on", "", True)),
]


@pytest.mark.parametrize(("announce", "impact", "found"), [pytest.param(*row[1:], id=row[0]) for row in BEFORE_GO])
def test_a_verdict_on_who_will_be_told(announce: Announce | None, impact: Impact, found: tuple[object, ...]):
    check = assess_announcement(announce, impact)
    assert (check.id, check.title) == ("announcement", TITLE)
    assert (check.status, str(check.detail), str(check.remedy), check.blocking) == found


DELIVERED = [
    ((), ("passed", "sent, and taken by every channel", "")),
    ((SafeText("x: 503"),), ("failed", "x: 503", "mend the channel, or --override announcement=REASON")),
    ((SafeText("x: 503"), SafeText("y: 404")), ("failed", "x: 503; y: 404", "mend the channel, or --override announcement=REASON")),
]


@pytest.mark.parametrize(("problems", "found"), DELIVERED)
def test_a_verdict_on_what_was_sent(problems: tuple[SafeText, ...], found: tuple[str, str, str]):
    check = assess_delivery(problems)
    assert (check.id, check.title, check.blocking) == ("announcement", TITLE, True)
    assert (check.status, str(check.detail), str(check.remedy)) == found


@pytest.mark.parametrize(
    ("impact", "major"),
    [
        (Impact(), False),
        (Impact(breaking="yes"), True),
        (Impact(breaking="no"), False),
        (Impact(risk="high"), True),
        (Impact(risk="medium"), False),
        (Impact(downtime=1.0), True),
        (Impact(downtime=0.0), False),
        (Impact(migration="yes"), False),
    ],
)
def test_what_is_a_major_change(impact: Impact, major: bool):
    assert is_major(impact) is major


GROUPED = [
    ("nothing", [], ()),
    ("words alone", ["One", "Two"], ("- One", "- Two")),
    ("a feature", ["feat: basket"], ("New:", "- basket")),
    ("every kind of new", ["feature: a", "feat(x): b", "feat!: c", "feat(x)!: d", "feat:e"], ("New:", "- a", "- b", "- c", "- d", "- e")),
    (
        "every kind of mended",
        [f"{kind}: {kind}" for kind in ("fix", "bugfix", "hotfix", "security", "perf")],
        ("Mended:", "- fix", "- bugfix", "- hotfix", "- security", "- perf"),
    ),
    ("a kind that nobody groups beside one that is", ["chore: deps", "fix: a"], ("Mended:", "- a", "Else:", "- deps")),
    ("a kind that nobody groups", ["chore: deps"], ("- deps",)),
    ("headings in their order", ["Tidy", "fix: a", "feat: b"], ("New:", "- b", "Mended:", "- a", "Else:", "- Tidy")),
    ("a kind in capitals", ["FEAT: a", "fix: b"], ("Mended:", "- b", "Else:", "- FEAT: a")),
    ("a kind without words", ["fix:", "feat: b"], ("New:", "- b", "Else:", "- fix:")),
]


@pytest.mark.parametrize(("subjects", "lines"), [pytest.param(*row[1:], id=row[0]) for row in GROUPED])
def test_changes_stand_under_what_they_are(subjects: list[str], lines: tuple[str, ...]):
    assert grouped(subjects) == lines


@pytest.mark.parametrize(("number", "last"), [(29, "- c28"), (30, "- c29"), (31, "and 1 more"), (45, "and 15 more")])
def test_thirty_changes_are_listed_and_the_rest_counted(number: int, last: str):
    notes = made_notes(a_state(changes=tuple(SafeText(f"c{one}") for one in range(number)))).split("\n")
    assert notes[-1] == last
    assert len(notes) == min(number, 31)


def test_no_change_makes_no_note():
    assert made_notes(a_state()) == ""


RELEASED = {"app": "shop", "release": Release("r2", SafeText("v2"), "b" * 40), "by": ADA}
NOTES = SafeLines("By hand\nin lines")
TOLD_BEFORE = [
    ("as little as there is", {}, "v2 goes to 2 hosts of shop production.\n\nby ada, run r1"),
    ("from what is live", {"live": (SafeText("v1"), SafeText("v0"))}, "v2 goes to 2 hosts of shop production (now v1).\n\nby ada, run r1"),
    ("to one host", {"hosts": hosts_of(a_host_in("old"))}, "v2 goes to 1 host of shop production.\n\nby ada, run r1"),
    (
        "with its changes",
        {"changes": (SafeText("feat: a"), SafeText("b"))},
        "v2 goes to 2 hosts of shop production.\n\nNew:\n- a\nElse:\n- b\n\nby ada, run r1",
    ),
    (
        "with notes instead of changes",
        {"changes": (SafeText("feat: a"),), "request": Request(impact=Impact(notes=NOTES))},
        "v2 goes to 2 hosts of shop production.\n\nBy hand\nin lines\n\nby ada, run r1",
    ),
    (
        "with all that it does",
        {"request": Request(hotfix="CVE", impact=Impact("yes", 90.0, "yes", "high"), overrides=(("space", "small"), ("clock", "known")))},
        "v2 goes to 2 hosts of shop production.\nDowntime: 1m30s\nBreaking: yes\nRisk: high\nMigration: yes\nHotfix in a closed time: CVE\nOverridden: space: small\nOverridden: clock: known\n\nby ada, run r1",
    ),
    (
        "with what it does not",
        {"request": Request(impact=Impact("no", 0.0, "no", "low"))},
        "v2 goes to 2 hosts of shop production.\nRisk: low\n\nby ada, run r1",
    ),
    ("with a migration that was found", {"review": Review(runs=True)}, "v2 goes to 2 hosts of shop production.\nMigration: yes\n\nby ada, run r1"),
    ("without a migration", {"review": Review()}, "v2 goes to 2 hosts of shop production.\n\nby ada, run r1"),
    ("before the run is open", {"run": ""}, "v2 goes to 2 hosts of shop production.\n\nby ada, run …"),
]


@pytest.mark.parametrize(("fields", "body"), [pytest.param(*row[1:], id=row[0]) for row in TOLD_BEFORE])
def test_people_are_told_before(fields: dict[str, object], body: str):
    state = changed(a_state("old", "old", **RELEASED), **fields)
    assert before(state) == Message("shop production: releasing v2", body)


def test_a_release_without_a_name_is_announced_all_the_same():
    assert before(a_state("old", app="shop", by=ADA)) == Message("shop production: releasing ", " goes to 1 host of shop production.\n\nby ada, run r1")


TOLD_AFTER = [
    ("a release", {"exit": 0}, "v2", "succeeded", ""),
    ("a release that was taken back", {"exit": 4, "reason": SafeText("web01 failed")}, "v2", "ROLLED BACK", " web01 failed"),
    ("a release that failed", {"exit": 5}, "v2", "FAILED", ""),
    ("a release that is not everywhere", {"exit": 8}, "v2", "succeeded, some hosts are behind", ""),
    ("a run that met a lock", {"exit": 6, "outcome": "locked"}, "v2", "locked", ""),
    ("a run without a code", {"exit": None, "outcome": "interrupted"}, "v2", "interrupted", ""),
    ("a rollback", {"exit": 0, "kind": "rollback"}, "rollback", "succeeded", ""),
    ("a restart", {"exit": 5, "kind": "restart"}, "restart", "FAILED", ""),
    ("a restore", {"exit": 0, "kind": "restore"}, "restore of the database", "succeeded", ""),
    ("a catch-up", {"exit": 0, "kind": "catch-up"}, "catch-up", "succeeded", ""),
    ("a release without a name", {"exit": 0, "release": None}, "", "succeeded", ""),
    ("one that a newer release has taken over from", {"exit": 0, "outcome": "superseded", "superseded_by": "r2"}, "v2", "superseded", ""),
]


@pytest.mark.parametrize(("fields", "what", "end", "reason"), [pytest.param(*row[1:], id=row[0]) for row in TOLD_AFTER])
def test_people_are_told_after(fields: dict[str, object], what: str, end: str, reason: str):
    state = changed(a_state("new", **RELEASED), **fields)
    assert after(state) == Message(f"shop production: {what} {end}", f"{what} on shop production: {end}.{reason}\n\nby ada, run r1")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"exit": 0}, True), ({"exit": 8}, True), ({"exit": 5}, False), ({"exit": 4}, False), ({"exit": 0, "kind": "rollback"}, False),
        ({"exit": 0, "superseded_by": "r2"}, False),
    ],
)  # fmt: skip
def test_what_is_new_is_told_of_a_release_that_is_live(fields: dict[str, object], told: bool):
    state = changed(a_state("new", **RELEASED), changes=(SafeText("feat: basket"),), **fields)
    assert ("- basket" in after(state).body) is told


def test_a_release_takes_a_second_at_least():
    assert "; 1s since GO." in after(changed(a_state("new", **RELEASED), exit=0, decided=10.0, mono=10.2)).body


CALLED_OUT = ("failed", "unreachable", "unknown", "owed", "skipped")


@pytest.mark.parametrize("condition", get_args(HostCondition))
def test_a_host_that_is_not_well_is_named_after(condition: str):
    body = after(changed(a_state("new", condition, **RELEASED), exit=8)).body
    assert (f"\nweb02: {condition}\n" in body) is (condition in CALLED_OUT)
    assert "web01" not in body


def test_twenty_hosts_are_named_at_most():
    body = after(changed(a_state(*["failed"] * 25, **RELEASED), exit=5)).body
    assert body.count(": failed") == 20
    assert "web21" not in body


def test_a_success_is_told_with_its_version_its_status_and_what_is_new():
    run = a_run(3)
    state = changed(run.run(), changes=(SafeText("feat: basket"),), live=(SafeText("v1"),), decided=10.0, mono=72.4)
    title, body = after(state)
    version = state.release.version if state.release else ""
    assert title == f"{state.app} production: {version} succeeded"
    assert body.splitlines() == [
        f"{version} on {state.app} production: succeeded.", "3 of 3 hosts on it, v1 before; 1m2s since GO.", "", "New:", "- basket", "", "by ada, run r1",
    ]  # fmt: skip
    noted = after(changed(state, request=changed(state.request, impact=Impact(notes=SafeLines("By hand")))))
    assert ("By hand" in noted.body, "basket" in noted.body) == (True, False)


def test_what_was_posted_is_known_until_the_end():
    posted = ((SafeText("discord://a"), "42"),)
    sent = ev.AnnouncementSent(moment="before", title=SafeText("x"), body=SafeLines("y"), told=(SafeText("discord://a"),), posted=posted)
    state = evolve(a_run(2).state, sent)
    assert state.posted == posted
    assert evolve(state, changed(sent, moment="after", posted=())).posted == posted
