"""A pytest plugin that tries mutants: the tests run once and say which functions they call; then each mutant gets a fork of this process, and in it the tests that
call its function, quickest first, until one fails.
"""

import gc
import json
import os
import resource
import signal
import sys
from collections import defaultdict
from math import ceil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state

settings.register_profile(
    "mutants", max_examples=25, deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck)
)

MEMORY = 8 << 30
"""Bytes of address space that a mutant may take."""
CPU = 4.0
"""Seconds that a mutant may take beyond ten times what its tests take without one."""
WALL = 300
"""Seconds after which a mutant that waits for something is given up."""


class Outcome:
    """Whether a test failed, and how long tests take."""

    def __init__(self) -> None:
        self.failed = False
        self.is_mutant = False
        self.seconds: dict[str, float] = defaultdict(float)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, call: "pytest.CallInfo[None]") -> None:
        """A mutant that a test has killed needs no report."""
        if self.is_mutant and call.excinfo and not call.excinfo.errisinstance(pytest.skip.Exception):
            os._exit(1)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what pytest reports of each part of a test."""
        self.failed = self.failed or report.failed
        self.seconds[report.nodeid] += report.duration


def pytest_configure() -> None:
    """After the conftest, which loads a profile of its own."""
    settings.load_profile("mutants")


def pytest_runtestloop(session: pytest.Session) -> bool:
    """Run all tests unmutated; then try the mutants that were asked for."""
    if session.testsfailed:
        raise session.Interrupted("errors while collecting")
    outcome = Outcome()
    session.config.pluginmanager.register(outcome)
    by_function = _callers(session, outcome)
    if outcome.failed:
        session.testsfailed = 1
        return True
    gc.collect()
    gc.freeze()
    asked = json.loads(Path(os.environ["MUTANTS_ASKED"]).read_text())
    answered = {}
    for number, name in enumerate(asked, 1):
        items = sorted(by_function[name.partition("__mutmut_")[0]], key=lambda item: outcome.seconds[item.nodeid])
        answered[name] = _verdict(name, items, sum(outcome.seconds[item.nodeid] for item in items), outcome) if items else "untested"
        if number % 100 == 0:
            killed = sum(verdict in ("killed", "timeout") for verdict in answered.values())
            sys.stderr.write(f"{number} of {len(asked)} tried, {killed} killed\n")
            _write(answered)
    _write(answered)
    return True


def _write(answered: dict[str, str]) -> None:
    Path(os.environ["MUTANTS_ANSWERED"]).write_text(json.dumps(answered))


def _callers(session: pytest.Session, outcome: Outcome) -> dict[str, list[pytest.Item]]:
    """Which tests call a function that has mutants."""
    set_mutant_under_test("stats")
    found: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in session.items:
        state()._stats.clear()
        _run(item)
        for function in state()._stats:
            found[function].append(item)
        if outcome.failed:
            break
    set_mutant_under_test("")
    return found


def _run(item: pytest.Item) -> None:
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)


def _verdict(name: str, items: list[pytest.Item], seconds: float, outcome: Outcome) -> str:
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if not child:
        _be_mutant(name, items, seconds, outcome)
    try:
        _, status = os.waitpid(child, 0)
    finally:
        _end_group(child)
    code = os.waitstatus_to_exitcode(status)
    return {0: "survived", 1: "killed"}.get(code, "timeout")


def _be_mutant(name: str, items: list[pytest.Item], seconds: float, outcome: Outcome) -> None:
    """In the fork: run the tests until one fails; ends the process."""
    code = 1
    try:
        os.setpgid(0, 0)
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        limit = ceil(CPU + 10 * seconds)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(WALL)
        set_mutant_under_test(name)
        outcome.is_mutant = True
        for item in items:
            _run(item)
            if outcome.failed:
                break
        code = int(outcome.failed)
    finally:
        os._exit(code)


def _end_group(child: int) -> None:
    """End what the mutant's tests started and left behind."""
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        pass
