"""A configured check's verdict: the worst of what was found, in its words, with what to type and since when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.checks.configured import ORDER, asked_now, asks_again, assess_configured, clock, judges_commit, most_telling, shown, still_waiting, ticked
from console.model.checks import Check, Finding
from console.model.configured_checks import CheckSpec
from console.model.host_commands import Command
from console.model.secret import SecretRef
from console.safe_text import SafeText
from tests.core.builders import a_check

ASKED = "2026-11-24T12:00:00Z"
CI = CheckSpec("CI", "github")
TICK = CheckSpec("Support", "manual")
LOOSE = CheckSpec("CI", "github", blocking=False)
FAILED = Finding("failed", SafeText("2 failed"), SafeText("mend it"), "2026-11-24T11:00:00Z")


def saw(status: str, seen: str, remedy: str = "", since: str = "") -> Finding:
    return Finding(status, SafeText(seen), SafeText(remedy), since)  # type: ignore[arg-type]


def places(*findings: Finding) -> tuple[tuple[str, Finding], ...]:
    return tuple((f"web{number:02}", finding) for number, finding in enumerate(findings, 1))


OVERRIDE = "--override CI=REASON"
VERDICTS = [
    ("asked nowhere", CI, (), ("error", "there is no place to ask from", "", ASKED)),
    ("passed", CI, (("", saw("passed", "3 passed")),), ("passed", "3 passed", "", ASKED)),
    ("passed on one host", CI, places(saw("passed", "3 passed")), ("passed", "web01: 3 passed", "", ASKED)),
    ("passed on two hosts", CI, places(saw("passed", "PONG"), saw("passed", "pong")), ("passed", "on 2 hosts: PONG", "", ASKED)),
    ("passed, with something to type", CI, (("", saw("passed", "ok", "look")),), ("passed", "ok", "", ASKED)),
    ("failed", CI, (("", FAILED),), ("failed", "2 failed, since 2026-11-24 11:00:00 UTC", f"mend it, or {OVERRIDE}", "2026-11-24T11:00:00Z")),
    ("failed without a word of what to do", CI, (("", saw("failed", "no")),), ("failed", "no", OVERRIDE, ASKED)),
    ("failed, and blocks nothing", LOOSE, (("", FAILED),), ("failed", "2 failed, since 2026-11-24 11:00:00 UTC", "mend it", "2026-11-24T11:00:00Z")),
    ("one of two failed", CI, places(saw("passed", "ok"), saw("failed", "no")), ("failed", "web02: no", OVERRIDE, ASKED)),
    ("one failed and one was not measured", CI, places(saw("error", "?"), saw("failed", "no")), ("failed", "web02: no", OVERRIDE, ASKED)),
    ("one waits and one was not measured", CI, places(saw("waiting", "…"), saw("error", "?")), ("error", "web02: ?", OVERRIDE, ASKED)),
    ("one waits", CI, places(saw("waiting", "runs"), saw("passed", "ok")), ("waiting", "web01: runs", OVERRIDE, ASKED)),
    (
        "the first of two to be typed",
        CI,
        places(saw("failed", "a"), saw("failed", "b", "do b"), saw("failed", "c", "do c")),
        ("failed", "web01: a; web02: b; web03: c", f"do b, or {OVERRIDE}", ASKED),
    ),
    (
        "the earliest of two times",
        CI,
        places(saw("failed", "a", "", "2026-11-24T11:00:00Z"), saw("failed", "b", "", "2026-11-24T10:00:00Z")),
        ("failed", "web01: a; web02: b, since 2026-11-24 10:00:00 UTC", OVERRIDE, "2026-11-24T10:00:00Z"),
    ),
    ("another's time", CI, places(saw("failed", "a"), saw("passed", "b", "", "2026-11-24T10:00:00Z")), ("failed", "web01: a", OVERRIDE, ASKED)),
    ("five failed", CI, places(*[saw("failed", "no")] * 5), ("failed", "; ".join(f"web{one:02}: no" for one in range(1, 6)), OVERRIDE, ASKED)),
    (
        "seven failed",
        CI,
        places(*[saw("failed", "no")] * 7),
        ("failed", "; ".join(f"web{one:02}: no" for one in range(1, 6)) + "; and 2 more", OVERRIDE, ASKED),
    ),
    (
        "a tick that is waited for",
        TICK,
        (("", saw("waiting", "knows", "look")),),
        ("waiting", "knows", "deploy ack Support", ASKED),
    ),
    ("a tick that could not be asked for", TICK, (("", saw("error", "?", "look")),), ("error", "?", "look, or --override Support=REASON", ASKED)),
    ("a tick that blocks nothing", CheckSpec("Support", "manual", blocking=False), (("", saw("waiting", "knows")),), ("waiting", "knows", "", ASKED)),
    (
        "a name of two words",
        CheckSpec("On call", "manual"),
        (("", saw("waiting", "knows")),),
        ("waiting", "knows", "deploy ack 'On call'", ASKED),
    ),
]


@pytest.mark.parametrize(("spec", "found", "verdict"), [pytest.param(*row[1:], id=row[0]) for row in VERDICTS])
def test_a_verdict_on_what_was_found(spec: CheckSpec, found: tuple[tuple[str, Finding], ...], verdict: tuple[str, str, str, str]):
    check = assess_configured(spec, found, ASKED)
    assert (check.id, check.title, check.kind, check.blocking) == (spec.name, spec.name, spec.kind, spec.blocking)
    assert (check.status, str(check.detail), str(check.remedy), check.since) == verdict


findings = st.lists(st.sampled_from([saw(status, status) for status in ORDER]), min_size=1, max_size=8)


@given(findings)
def test_the_worst_is_the_check_s_and_those_that_show_it_are_named(found: list[Finding]):
    check = assess_configured(CI, places(*found), ASKED)
    assert check.status == min((finding.status for finding in found), key=ORDER.index)
    told = [place for place, finding in places(*found) if finding.status == check.status][:5]
    assert check.status == "passed" or all(place in check.detail for place in told)


def command(words: str, **fields: object) -> CheckSpec:
    return CheckSpec("x", "command", command=Command(words), **fields)  # type: ignore[arg-type]


JUDGES = [
    ("github", CheckSpec("CI", "github"), True),
    ("gitlab", CheckSpec("CI", "gitlab", on="host"), True),
    ("a command that names the commit", command("ask {commit}"), True),
    ("a command that names more of it", command("ask {commit} {version} {env}"), True),
    ("a command that names a host too", command("ask {commit} {host}"), False),
    ("a command that names no commit", command("ask {version}"), False),
    ("a command on a host", command("ask {commit}", on="host"), False),
    ("no command at all", CheckSpec("x", "command"), False),
    ("an address that names the commit", CheckSpec("x", "http", url="https://ci/{commit}"), True),
    ("an address that names none", CheckSpec("x", "http", url="https://ci/"), False),
    ("a secret address", CheckSpec("x", "http", url=SecretRef("env", "CI_URL")), False),
    ("a question to a database", CheckSpec("x", "postgres", url="postgres://{commit}", query="{commit}"), False),
    ("a tick", CheckSpec("x", "manual", prompt="{commit}"), False),
]


@pytest.mark.parametrize(("spec", "judges"), [pytest.param(*row[1:], id=row[0]) for row in JUDGES])
def test_what_judges_a_commit_alone(spec: CheckSpec, judges: bool):
    assert judges_commit(spec) is judges


@pytest.mark.parametrize(
    ("statuses", "telling"),
    [
        ((), None),
        (("passed",), "passed"),
        (("passed", "waiting"), "waiting"),
        (("waiting", "error"), "error"),
        (("error", "failed"), "failed"),
        (("skipped",), None),
        (("skipped", "passed"), "passed"),
    ],
)
def test_the_worst_of_several_tells(statuses: tuple[str, ...], telling: str | None):
    found = most_telling([a_check(status) for status in statuses])
    assert (found.status if found else None) == telling


def test_the_first_of_two_that_are_as_bad_tells():
    assert most_telling([a_check("failed", "a"), a_check("failed", "b")]) == a_check("failed", "a")


def test_a_check_that_has_not_answered_waits_and_says_until_when():
    spec = CheckSpec("CI", "github", timeout=90.0)
    check = asked_now(spec, ASKED)
    assert (check.status, check.detail, check.since) == ("waiting", "asked at 2026-11-24 12:00:00 UTC, no answer yet (until 90 s)", ASKED)
    assert check.remedy == ""
    assert check.blocks
    assert not asked_now(LOOSE, ASKED).blocks


@pytest.mark.parametrize("blocking", [True, False])
def test_a_tick_is_kept_with_who_made_it(blocking: bool):
    assert ticked("Support", SafeText("Support"), "lin", ASKED).blocking
    check = ticked("Support", SafeText("Support"), "lin", ASKED, blocking=blocking)
    assert check == Check(
        "Support", SafeText("Support"), "passed", blocking, SafeText("ticked off by lin, 2026-11-24 12:00:00 UTC"), kind="manual", since=ASKED, by="lin"
    )


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (ASKED, "2026-11-24 12:00:00 UTC"),
        ("2026-11-24T12:00:00.123Z", "2026-11-24 12:00:00 UTC"),
        ("2026-11-24T12:00:00", "2026-11-24 12:00:00 UTC"),
        ("2026-11-24", "2026-11-24"),
        ("", ""),
    ],
)
def test_a_time_for_people(at: str, words: str):
    assert clock(at) == words


@pytest.mark.parametrize(
    ("status", "kind", "again"),
    [
        ("waiting", "github", True),
        ("waiting", "manual", False),
        ("waiting", "", False),
        ("failed", "github", False),
        ("error", "command", False),
        ("passed", "http", False),
        ("waiting", "command", True),
    ],
)
def test_only_what_may_come_true_by_itself_is_asked_again(status: str, kind: str, again: bool):
    assert asks_again(a_check(status, kind=kind)) is again


WAITS = a_check("waiting", detail="2 of 3 passed", kind="github")


@pytest.mark.parametrize("status", ["passed", "failed", "waiting"])
def test_what_is_found_anew_replaces_what_waited(status: str):
    found = a_check(status, detail="3 passed", kind="github")
    assert still_waiting(WAITS, found) == found


def test_what_could_not_be_measured_this_time_waits_on_and_says_so_once():
    lost = a_check("error", detail="no route", kind="github")
    first = still_waiting(WAITS, lost)
    assert (first.status, first.detail) == ("waiting", "2 of 3 passed; asked again: no route")
    assert still_waiting(first, a_check("error", detail="timed out")).detail == "2 of 3 passed; asked again: timed out"


@pytest.mark.parametrize(("name", "word"), [("CI", "CI"), ("ci-2.x_y", "ci-2.x_y"), ("On call", "'On call'"), ("a/b", "'a/b'"), ("", "")])
def test_a_name_is_one_word_of_a_command_line(name: str, word: str):
    assert shown(name) == word
