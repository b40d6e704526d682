"""Where a plan tries its critical paths, as steps: behind which wave, under which name, and what a failure of each is worth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.plan.critical_steps import at_the_end, behind_wave
from console.model.configured_checks import CriticalPath
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.values import changed
from tests.core.simulation import NEW, an_environment

JOBS, WEB = Host("job01", tags=("jobs",)), tuple(Host(f"web{number:02}", tags=("web",)) for number in range(1, 5))
LOGIN = CriticalPath("Login", "http")
WAVES = (WEB[:1], WEB[1:3], (WEB[3], JOBS))
ONE_WAVE = (WEB,)


def trying(*paths: CriticalPath) -> Environment:
    return changed(an_environment(1), hosts=(*WEB, JOBS), critical=paths)


def at(*moments: str, name: str = "Login", **fields: object) -> CriticalPath:
    return CriticalPath(name, "http", at=moments, **fields)  # type: ignore[arg-type]


def names(path: CriticalPath, number: int, waves=WAVES, **how: bool) -> list[str]:
    return [step.name for step in behind_wave(trying(path), waves, number, ("x",), NEW, **how)]


WAVE = [
    ("the first batch, behind it", at("first batch"), 1, {}, ["wave-1/critical-1"]),
    ("the first batch, behind the second", at("first batch"), 2, {}, []),
    ("the end, behind the first", at("end"), 1, {}, []),
    ("a canary, where nothing is judged behind the wave", at("canary"), 1, {}, []),
    ("a canary, where new hosts are judged behind the first", at("canary"), 1, {"ends_canary_step": True}, ["wave-1/critical-1"]),
    ("a canary, where they are judged behind the second", at("canary"), 2, {"ends_canary_step": True}, ["wave-2/critical-1"]),
    ("the first batch of job hosts is the last wave", at("first batch", tags=("jobs",)), 1, {}, []),
    ("job hosts are not in a canary's first steps", at("canary", tags=("jobs",)), 2, {"ends_canary_step": True}, []),
    ("hosts that the plan has not got", at("first batch", "canary", tags=("none",)), 1, {"ends_canary_step": True}, []),
    ("nothing lies behind the last wave", at("first batch", tags=("jobs",)), 3, {}, []),
    ("nor is a canary's last step", at("canary"), 3, {"ends_canary_step": True}, []),
    ("but the traffic, where it moves then", at("first batch", tags=("jobs",)), 3, {"shifts": True}, ["wave-3/critical-1"]),
    ("a canary that shifts", at("canary"), 3, {"ends_canary_step": True, "shifts": True}, ["wave-3/critical-1"]),
]


@pytest.mark.parametrize(("path", "number", "how", "steps"), [pytest.param(*row[1:], id=row[0]) for row in WAVE])
def test_a_path_is_tried_behind_a_wave(path: CriticalPath, number: int, how: dict[str, bool], steps: list[str]):
    assert names(path, number, **how) == steps


END = [
    ("the end", at("end"), WAVES, {}, True),
    ("the first batch alone", at("first batch"), WAVES, {}, False),
    ("a canary alone", at("canary"), WAVES, {}, False),
    ("a first batch that is the last one", at("first batch"), ONE_WAVE, {}, True),
    ("a first batch of job hosts, in the last wave", at("first batch", tags=("jobs",)), WAVES, {}, True),
    ("a first batch that was tried before the traffic moved", at("first batch"), ONE_WAVE, {"shifts": True}, False),
    ("the end, behind the traffic", at("end"), ONE_WAVE, {"shifts": True}, True),
    ("no host of the plan", at("end", "first batch", tags=("none",)), WAVES, {}, False),
    ("no moment", at(), ONE_WAVE, {}, False),
]


@pytest.mark.parametrize(("path", "waves", "how", "tried"), [pytest.param(*row[1:], id=row[0]) for row in END])
def test_a_path_is_tried_at_the_end(path: CriticalPath, waves, how: dict[str, bool], tried: bool):
    assert [step.name for step in at_the_end(trying(path), waves, ("x",), NEW, **how)] == ["verify/critical-1"] * tried


KINDS = [
    (LOGIN, "critical", True),
    (changed(LOGIN, blocking=False), "critical", False),
    (CriticalPath("Buy", "manual", prompt="Buy something."), "manual", True),
    (CriticalPath("Report", "command"), "critical", True),
]


@pytest.mark.parametrize(("path", "kind", "fatal"), KINDS)
def test_a_step_is_done_again_without_harm_and_changes_nothing(path: CriticalPath, kind: str, fatal: bool):
    (behind,) = behind_wave(trying(changed(path, timeout=33.0)), WAVES, 1, ("a", "b"), NEW)
    (last,) = at_the_end(trying(changed(path, timeout=33.0)), WAVES, ("a", "b"), NEW)
    for step, phase, wave in ((behind, "release", 1), (last, "verify", 0)):
        assert (step.kind, step.phase, step.wave, step.fatal, step.path) == (kind, phase, wave, fatal, path.name)
        assert (step.title, step.needs, step.release, step.timeout) == (f"critical path {path.name}", ("a", "b"), NEW, 33.0)
        assert (step.idempotent, step.changes, step.about, step.command) == (True, False, "", None)


def test_paths_are_numbered_as_the_file_names_them_and_none_waits_for_another():
    environment = trying(at("end", name="A"), at("first batch", name="B"), at("end", name="C"))
    assert [step.name for step in behind_wave(environment, WAVES, 1, ("x",), NEW)] == ["wave-1/critical-2"]
    last = at_the_end(environment, WAVES, ("x",), NEW)
    assert [(step.name, step.needs) for step in last] == [("verify/critical-1", ("x",)), ("verify/critical-3", ("x",))]


MOMENTS = st.sets(st.sampled_from(["first batch", "canary", "end"]))
TAGS = st.sampled_from([(), ("web",), ("jobs",), ("web", "jobs"), ("none",)])


@given(MOMENTS, TAGS, st.integers(1, 5), st.booleans())
def test_no_path_is_tried_twice_in_a_row_nor_before_a_host_of_its_own_is_new(moments: set[str], tags: tuple[str, ...], size: int, canary: bool):
    hosts = (*WEB, JOBS)
    waves = tuple(hosts[at : at + size] for at in range(0, len(hosts), size))
    environment = trying(at(*moments, tags=tags))
    found = [number for number in range(1, len(waves) + 1) if behind_wave(environment, waves, number, (), NEW, ends_canary_step=canary)]
    last = at_the_end(environment, waves, (), NEW)
    assert len(waves) not in found, "the end follows the last wave at once"
    for number in found:
        assert any(not tags or set(tags) & set(host.tags) for wave in waves[:number] for host in wave)
    if "first batch" in moments and tags != ("none",):
        assert found or last, "a path of the first batch is tried somewhere"
    assert bool(last) <= (tags != ("none",))
