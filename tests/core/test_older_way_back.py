"""What becomes of a way back that was planned, once another one of the same hosts takes its place."""

import pytest

from console.core.run.host_events import with_steps_added
from console.model.paged_table import Table
from console.model.plan import Step
from console.model.state import HostState, RunState
from console.safe_text import SafeText


def steps(kind: str, hosts: list[str]) -> list[Step]:
    return [Step(f"back/{name}/{kind}", kind, "rollback", SafeText(kind), about=name, timeout=1.0) for name in hosts]  # type: ignore[arg-type]


def test_the_older_way_back_of_many_hosts_is_forgotten_at_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time the index of all steps is copied: for each of a thousand hosts, that held the engine up for seconds when a way back began."""
    hosts = [f"web{number:02}" for number in range(20)]
    planned = with_steps_added(RunState(run="r1", hosts=Table({name: HostState(name) for name in hosts})), [*steps("drain", hosts), *steps("switch", hosts)])
    copied = 0
    without = Table.without

    def counted(table: Table[Step], names: set[str]) -> Table[Step]:
        nonlocal copied
        copied += 1
        return without(table, names)

    monkeypatch.setattr(Table, "without", counted)
    at_once = with_steps_added(planned, steps("switch", hosts))
    assert [step.name for name in hosts for step in at_once.lanes[name]] == [f"back/{name}/switch" for name in hosts]
    assert not any(f"back/{name}/drain" in at_once.index for name in hosts)
    assert copied == 1
