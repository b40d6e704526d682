"""`deploy engine list` and `stop`: the engines of a state folder, which of them answers, and what each carries. How one is run is `engine_command`'s."""

import os
from typing import Any

from console.cli.configuration import state
from console.cli.invocation import Invocation
from console.cli.output import say, say_done, tell_equivalent, tell_problem
from console.errors import ConsoleError, UsageFault
from console.exit_codes import Exit


async def engines(how: Invocation, verb: str, *, force: bool) -> int:
    """List the engines that answer, or stop them; 6 when one of them carries a run and is not forced. One that is there and does not answer is told."""
    from console.client.engines import look_at_engines

    rows: list[dict[str, Any]] = []
    live, silent = await look_at_engines(state(), how.app)
    refused = silent if verb == "stop" else []
    for engine in live:
        welcome = engine.welcome
        if how.app not in ("", welcome.app):
            continue
        problem = await _stop(engine.path, force=force) if verb == "stop" else None
        refused += [problem] if problem else []
        stopped = verb == "stop" and problem is None
        rows.append(
            {
                "app": welcome.app, "environment": welcome.environment, "pid": welcome.pid, "user": welcome.user, "run": welcome.run or None,
                "stopped": stopped,
            }
        )  # fmt: skip
    return _told(how, verb, rows, refused, silent)


async def _stop(path: str, *, force: bool) -> ConsoleError | None:
    from console.client.engine_connection import NoEngine, SilentEngine, connect
    from console.client.login_claims import claims_of

    try:
        client = await connect(path, claims=claims_of(os.environ))
    except (SilentEngine, UsageFault) as fault:
        return fault
    except NoEngine:
        return None
    try:
        await client.stop(force=force)
    except ConsoleError as fault:
        return fault
    finally:
        await client.close()
    return None


def _told(how: Invocation, verb: str, rows: list[dict[str, Any]], refused: list[ConsoleError], silent: list[ConsoleError]) -> int:
    from console.plain.json_text import json_text
    from console.plain.problem_json import problem_object

    code, wrong = int(refused[0].exit) if refused else int(Exit.DONE), refused or silent
    write = say_done if verb == "stop" else say
    if how.json:
        problems = [problem_object(problem) for fault in wrong for problem in fault.problems]
        write(json_text({"type": "result", "exit": code, "engines": rows, "problems": problems}))
    else:
        for row in rows:
            what = "stopped" if row["stopped"] else row["run"] or "idle"
            write(f"{row['app']} {row['environment']}  process {row['pid']} of {row['user']}  {what}")
    for fault in wrong:
        for problem in fault.problems:
            tell_problem(problem)
    if verb == "stop":
        tell_equivalent("engine", "stop")
    return code
