"""`deploy lock` and `deploy unlock`: a person's note on the hosts of an environment, and the lock of a run that is dead. Asks the engine; touches no host."""

import re
from typing import Any

from console.cli.find_run import run_named
from console.cli.invocation import Invocation
from console.cli.kept_models import environment_or_known
from console.cli.meet_engine import asked_to_act, asking
from console.cli.output import say_done, say_json_done, tell_equivalent, tell_problem
from console.cli.prompt import confirm
from console.core.words.durations import duration_words
from console.core.words.moments import moment_words
from console.errors import NoGo, Problem, UsageFault
from console.exit_codes import Exit
from console.model.configured_environment import Environment
from console.plain.problem_json import problem_object
from console.safe_text import SafeText

RUN = re.compile(r"\d{8}T\d{6}Z-.+-[0-9a-f]{4}")
"""A whole id: that of another machine's run can only be named so."""


async def lock(how: Invocation, name: str, reason: str, seconds: float) -> int:
    """Leave a person's note on every host, for that time or (0) until it is taken away."""
    found = environment_or_known(how, name)
    answer = await _asked(how, found, "lock", {"reason": reason, "seconds": seconds})
    code = _told(how, answer)
    closed = len(found.hosts) - len(answer["failed"])
    if not how.json and closed:
        say_done(
            f"{found.name} is closed{_on(found, closed)}" + (f" until {moment_words(answer['until'])}" if answer["until"] else "") + f": {SafeText(reason)}"
        )
    tell_equivalent("lock", found.name, "--reason", reason, *(("--for", duration_words(seconds)) if seconds else ()))
    return code


async def unlock(how: Invocation, name: str, reason: str) -> int:
    """Take a person's note away from every host."""
    found = environment_or_known(how, name)
    await confirm(how, f"let releases to {found.name} in again?")
    answer = await _asked(how, found, "unlock", {"reason": reason})
    held = answer.pop("held_by")
    goes_on = answer.pop("goes_on")
    if held and not answer["opened"] and not answer["failed"]:
        raise NoGo(f"no person's note closes {found.name}: {_held_words(held)}", _way_out(found.name, held["run"], goes_on=goes_on))
    code = _told(how, answer)
    if not how.json and answer["opened"]:
        say_done(f"{found.name} is open again{_on(found, len(found.hosts) - len(answer['failed']))}")
    elif not how.json and not answer["failed"]:
        say_done(f"{found.name} is open: no note closed it")
    if held:
        tell_problem(Problem(_held_words(held), _way_out(found.name, held["run"], goes_on=goes_on)))
    tell_equivalent("unlock", found.name, "--reason", reason, "--yes")
    return code


def _on(found: Environment, hosts: int) -> str:
    """Where it was done, where that is not everywhere."""
    return "" if hosts == len(found.hosts) else f" on {hosts} of {len(found.hosts)} hosts"


def _held_words(held: dict[str, Any]) -> str:
    return f"run {held['run']} of {held['by']} holds it since {moment_words(held['since'])}"


def _way_out(name: str, run: str, *, goes_on: bool) -> str:
    unlock = f"deploy unlock {name} --run {run} --reason TEXT"
    return f"deploy abort {run}" if goes_on else unlock


async def unlock_run(how: Invocation, name: str, text: str, reason: str) -> int:
    """Break the lock of a run that is dead. Raises Locked where it is not known to be."""
    run, name = _meant(how, name, text)
    found = environment_or_known(how, name)
    await confirm(how, f"break the lock of run {run} on {found.name}? What it was doing on a host may still go on there.")
    answer = await _asked(how, found, "break-lock", {"run": run, "reason": reason})
    if not answer.pop("known", True) and not answer["failed"]:
        raise UsageFault(f"no run is called {run}, neither in the record nor on a host of {found.name}", "deploy history")
    code = _told(how, answer)
    if not how.json:
        broken = answer["broken"]
        say_done(f"the lock of run {run} is broken on {', '.join(broken)}" if broken else f"run {run} holds no host that answers")
    tell_equivalent("unlock", found.name, "--run", run, "--reason", reason, "--yes")
    return code


def _meant(how: Invocation, name: str, text: str) -> tuple[str, str]:
    """Return the run's id and its environment: one of the record here, or another machine's by its whole id."""
    try:
        found = run_named(how, text)
    except UsageFault:
        if not RUN.fullmatch(text):
            raise
        return text, name
    if name and found.environment != name:
        raise UsageFault(f"run {found.run} is one of {found.environment}, not of {name}", f"deploy unlock {found.environment} --run {found.run} --reason TEXT")
    return found.run, found.environment


async def _asked(how: Invocation, found: Environment, question: str, argument: dict[str, Any]) -> dict[str, Any]:
    client = await asking(how, found)
    try:
        answer: dict[str, Any] = await asked_to_act(client, question, argument, f"deploy status {found.name}")
    finally:
        await client.close()
    return answer


def _told(how: Invocation, answer: dict[str, Any]) -> int:
    """Say which hosts could not be told; 3 where there are such."""
    problems = [Problem(f"{each['host']}: {each['message']}", each["hint"] or "type the command again once the host answers") for each in answer["failed"]]
    code = int(Exit.NO_GO if problems else Exit.DONE)
    if how.json:
        more = {key: value for key, value in answer.items() if key != "failed"}
        say_json_done({"type": "result", "exit": code, **more, "problems": [problem_object(problem) for problem in problems]})
    for problem in problems:
        tell_problem(problem)
    return code
