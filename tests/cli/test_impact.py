"""What is said about a release, typed and typed again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.cli.impact_options import CHOICES, impact_of
from console.core.words.equivalent_command import impact_options
from console.errors import UsageFault
from console.model.declared_impact import Impact

ANSWERS = st.fixed_dictionaries({name: st.sampled_from([None, *words]) for name, words in CHOICES.items()})


@given(ANSWERS, st.one_of(st.none(), st.integers(0, 10_000)))
def test_what_is_printed_is_what_was_typed(answers: dict[str, str | None], downtime: int | None):
    impact = impact_of({**answers, "downtime": None if downtime is None else f"{downtime}s"})
    words = list(impact_options(impact))
    again = {words[place].removeprefix("--").replace("-", "_"): words[place + 1] for place in range(0, len(words), 2)}
    assert impact_of(dict(again)) == impact


@pytest.mark.parametrize(("name", "text"), [("risk", "huge"), ("migration", "maybe"), ("downtime", "soon"), ("notes", "/nowhere/at/all")])
def test_what_is_none_of_the_words_is_refused_with_the_words(name: str, text: str):
    with pytest.raises(UsageFault) as fault:
        impact_of({name: text})
    assert f"--{name}" in str(fault.value)


def test_notes_keep_their_lines_and_longer_ones_are_refused(tmp_path):
    notes = tmp_path / "notes.md"
    notes.write_text("New:\n- é\x1b[31m\n")
    assert impact_of({"notes": str(notes)}).notes == "New:\n- é"
    notes.write_text("é" * 40_000)
    with pytest.raises(UsageFault, match="longer than 64 KiB"):
        impact_of({"notes": str(notes)})


def test_nothing_said_is_nothing_said():
    assert impact_of({}) == Impact()
