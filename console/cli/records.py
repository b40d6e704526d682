"""Commands that read the record of runs, and the engines of a state folder."""

import os
from typing import Any

from console.cli.wiring import How, journal, run_named, say, say_json, state


def history(how: How, environment: str) -> int:
    """Print the runs, newest first."""
    rows = journal().runs(how.app, environment)
    if how.json:
        names = ("run", "environment", "version", "commit", "strategy", "by", "started", "ended", "outcome")
        say_json([{name: getattr(row, name) for name in names} for row in rows])
    else:
        for row in rows:
            say(f"{row.run}  {row.kind:<8} {row.version or '-':<12} {row.by:<10} {row.outcome or 'open'}")
    return 0


def events(run: str) -> int:
    """Print every event of a run."""
    from console.wire.codec import event_json

    record = journal()
    for event in record.read(run_named(run).run):
        say(event_json(event).decode())
    return 0


async def engines(how: How, verb: str, *, force: bool) -> int:
    """List the engines that answer, or stop them."""
    from console.client.attach import claims_of, connect
    from console.client.engines import find_engines

    rows: list[dict[str, Any]] = []
    for engine in await find_engines(state()):
        welcome = engine.welcome
        rows.append({"app": welcome.app, "environment": welcome.environment, "pid": welcome.pid, "user": welcome.user, "run": welcome.run or None})
        if verb == "stop":
            client = await connect(engine.path, claims=claims_of(os.environ))
            await client.stop(force=force)
            await client.close()
    if how.json:
        say_json({"type": "result", "exit": 0, "engines": rows, "problems": []})
    else:
        for row in rows:
            say(f"{row['app']} {row['environment']}  process {row['pid']} of {row['user']}  {'stopped' if verb == 'stop' else row['run'] or 'idle'}")
    return 0
