"""The checklist of recorded runs: what each kind of run says of its hosts and of their gates."""

from pathlib import Path

import pytest

from console.core.evolve import fold
from console.views.checklist import checklist
from console.wire.codec import decode_event

JOURNALS = Path(__file__).parents[1] / "journals"


def rows(name: str) -> dict[str, tuple[str, str]]:
    """The eight rows at the end of that run."""
    state = fold([decode_event(line) for line in (JOURNALS / f"{name}.jsonl").read_bytes().splitlines()])
    return {row.short: (row.state, row.found) for row in checklist(state, state.mono)}


@pytest.mark.parametrize("name", ["release", "restart", "rollback"])
def test_the_gates_of_every_kind_of_run_are_counted(name: str) -> None:
    found = rows(name)["health"]
    assert found[0] == "done"
    passed, of, gates = found[1].split()
    assert (of, passed) == ("of", gates)
    assert int(gates) > 0


def test_what_no_rule_asks_for_is_not_said_to_be_missing() -> None:
    found = rows("rollback")
    assert found["staging"] == ("skipped", "not required")
    assert found["team"] == ("skipped", "not needed")
    assert found["announced"] == ("skipped", "nobody told")
