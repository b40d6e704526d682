"""`deploy forgive`: closes the debt of a host that no longer exists, in the record of every run that owes it something."""

from typing import Any

from console.cli.configuration import environment
from console.cli.invocation import Invocation
from console.cli.meet_engine import asking
from console.cli.output import say_done, say_json_done, tell, tell_equivalent
from console.cli.prompt import confirm
from console.errors import UsageFault


async def forgive(how: Invocation, host: str, reason: str) -> int:
    """Close what is owed to a host, with the reason on record. Raises UsageFault where nothing is."""
    runs, found = _owing(how, host)
    await confirm(how, f"forgive what {' and '.join(runs)} owe {host} in {found.name}?" if len(runs) > 1 else f"forgive what run {runs[0]} owes {host}?")
    client = await asking(how, found)
    try:
        answer = await client.query("forgive", {"host": host, "reason": reason})
    finally:
        await client.close()
    if how.json:
        say_json_done({"type": "result", "exit": 0, **answer, "problems": []})
    else:
        say_done(f"{host}: forgiven, {' and '.join(answer['runs'])} {'owes' if len(answer['runs']) == 1 else 'owe'} it nothing any more")
    if answer["problem"]:
        tell(f"deploy: {answer['problem']}")
    tell_equivalent("forgive", host, "--reason", reason, "--yes")
    return 0


def _owing(how: Invocation, host: str) -> tuple[list[str], Any]:
    """Return the runs that owe a host something, and the environment that they were made in."""
    from console.cli.find_run import journal
    from console.cli.kept_models import model_of_run
    from console.core.environment.record_queries import debts_of

    store = journal()
    try:
        records = {place: store.environment(*place) for place in store.places(how.app)}
    finally:
        store.close()
    found = {place: runs for place, record in records.items() if (runs := [debt.run for debt in debts_of(record) if debt.host == host])}
    if not found:
        raise UsageFault(f"nothing is owed to {host}; status shows what is owed", "deploy status")
    if len({app for app, _ in found}) > 1:
        raise UsageFault(f"{host} is owed something by several applications", f"--app {' or --app '.join(sorted(app for app, _ in found))}")
    (app, name), runs = next(iter(found.items()))
    return runs, model_of_run(runs[0]) or environment(Invocation(file=how.file, app=app), name)
