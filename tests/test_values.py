"""Frozen values, and the digest of a plan: what an operator approved is what is done."""

import msgspec
import pytest

from console.model.host_commands import Command
from console.model.plan import Plan, Step, Steps
from console.model.values import changed, sealed
from console.safe_text import SafeText

STEP = Step("a", "switch", "release", SafeText("switch web01"), "web01", "web01", command=Command("x"))
PLAN = Plan("rolling", (("web01",),), Steps((STEP,)))


def test_a_changed_value_is_another_one():
    assert changed(STEP, wave=2) == Step("a", "switch", "release", SafeText("switch web01"), "web01", "web01", 2, command=Command("x"))
    assert STEP.wave == 0


def test_a_field_that_there_is_not_cannot_be_changed():
    with pytest.raises(TypeError):
        changed(STEP, nothing=1)


def test_a_digest_is_sixty_four_digits_and_of_all_but_itself():
    digest = sealed(PLAN).digest
    assert len(digest) == 64
    assert set(digest) <= set("0123456789abcdef")
    assert sealed(sealed(PLAN)) == sealed(PLAN)
    assert sealed(changed(PLAN, digest="other")) == sealed(PLAN)
    assert changed(sealed(PLAN), digest="") == PLAN


@pytest.mark.parametrize(
    "other",
    [
        changed(PLAN, strategy="halves"), changed(PLAN, waves=(("web02",),)), changed(PLAN, waves=(("web01",), ())), changed(PLAN, steps=Steps()), changed(PLAN, steps=Steps((STEP, STEP))),
        *(changed(PLAN, steps=Steps((changed(STEP, **{name: value}),)))
          for name, value in (("title", SafeText("other")), ("needs", ("b",)), ("command", Command("y")), ("command", Command("x", run_as="root")), ("command", None),
                              ("release", "r"), ("timeout", 9.0), ("fatal", False), ("changes", True), ("pause", 1.0), ("about", "web02"), ("place", "web02"))),
    ],
)  # fmt: skip
def test_whatever_is_different_in_a_plan_is_in_its_digest(other: Plan):
    assert sealed(other).digest != sealed(PLAN).digest


def test_the_digest_is_of_the_words_and_not_of_their_type():
    assert sealed(changed(PLAN, steps=Steps((changed(STEP, title=SafeText("switch web01")),)))).digest == sealed(PLAN).digest


def test_what_cannot_be_written_down_has_no_digest():
    with pytest.raises(NotImplementedError):
        sealed(msgspec.structs.replace(PLAN, strategy=object()))
