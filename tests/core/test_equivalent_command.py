"""The command that asks for the same run: word by word, as a person types it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.words.equivalent_command import impact_options, request_words
from console.model.declared_impact import Impact
from console.model.request import Request
from console.safe_text import SafeLines

WORDS = [
    ("a deploy", Request(), "production"),
    ("a deploy of a version", Request(ref="v1"), "production --version v1"),
    ("a rollback", Request(kind="rollback"), "rollback production"),
    ("a rollback to a version", Request(kind="rollback", ref="v1"), "rollback production --to v1"),
    ("a restart of some", Request(kind="restart", hosts="web0*"), "restart production --hosts web0*"),
    ("a restore", Request(kind="restore", ref="r1"), "restore production --run r1"),
    ("a catch-up", Request(kind="catch-up", ref="r1"), "catch-up production --to r1"),
    ("hosts left out", Request(without=(("web02", "burnt"), ("web03", "slow"))), "production --without web02=burnt --without web03=slow"),
    ("a check overridden", Request(overrides=(("space", "small"),)), "production --override space=small"),
    ("checks ticked off", Request(acks=("Support", "Legal")), "production --ack Support --ack Legal"),
    ("a hotfix", Request(hotfix="CVE"), "production --hotfix CVE"),
    ("at once", Request(kind="rollback", at_once=True), "rollback production --at-once"),
    ("in halves", Request(kind="rollback", halves=True), "rollback production --halves"),
    ("with a reason", Request(kind="rollback", reason="errors at checkout"), "rollback production --reason errors at checkout"),
    ("notes", Request(impact=Impact(notes=SafeLines("words"))), "production --notes FILE"),
    ("a risk", Request(impact=Impact(risk="high")), "production --risk high"),
    (
        "everything at once",
        Request(
            ref="v1",
            hosts="web",
            without=(("a", "b"),),
            overrides=(("c", "d"),),
            acks=("e",),
            hotfix="f",
            at_once=True,
            halves=True,
            impact=Impact("yes", 90.0, "no", "low", "ok", SafeLines("words")),
        ),
        (
            "production --version v1 --hosts web --without a=b --override c=d --ack e --hotfix f "
            "--migration yes --breaking no --risk low --old-code ok --downtime 1m30s --notes FILE --at-once --halves"
        ),
    ),
]


@pytest.mark.parametrize(("request_", "words"), [pytest.param(*row[1:], id=row[0]) for row in WORDS])
def test_a_request_is_typed_so(request_: Request, words: str):
    assert " ".join(request_words("production", request_)) == words


IMPACTS = [
    ("nothing said", Impact(), ()),
    ("no downtime", Impact(downtime=0.0), ("--downtime", "none")),
    ("a second of downtime", Impact(downtime=1.0), ("--downtime", "1s")),
    ("an hour and a half", Impact(downtime=5400.0), ("--downtime", "1h30m")),
    ("no migration", Impact(migration="no"), ("--migration", "no")),
    ("the old code", Impact(old_code="breaks"), ("--old-code", "breaks")),
    ("notes are no option of their own", Impact(notes=SafeLines("words")), ()),
]


@pytest.mark.parametrize(("impact", "words"), [pytest.param(*row[1:], id=row[0]) for row in IMPACTS])
def test_answers_are_typed_so(impact: Impact, words: tuple[str, ...]):
    assert impact_options(impact) == words


requests = st.builds(
    Request,
    kind=st.sampled_from(["deploy", "rollback", "restart"]),
    ref=st.sampled_from(["", "v1"]),
    hosts=st.sampled_from(["", "web"]),
    hotfix=st.sampled_from(["", "x"]),
    reason=st.sampled_from(["", "errors"]),
    at_once=st.booleans(),
    halves=st.booleans(),
    acks=st.lists(st.sampled_from("ab")).map(tuple),
)


@given(requests, requests)
def test_other_requests_are_typed_otherwise(one: Request, other: Request):
    assert (request_words("production", one) == request_words("production", other)) == (one == other)


@given(requests)
def test_secrets_of_how_it_was_asked_are_no_part_of_it(request_: Request):
    assert "--yes" not in request_words("production", request_)
