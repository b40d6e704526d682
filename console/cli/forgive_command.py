"""`deploy forgive`: closes the debt of a host that no longer exists, in the record of every run that owes it something."""

from typing import Any

from console.cli.configuration import environment
from console.cli.invocation import Invocation
from console.cli.meet_engine import asked_to_act, asking
from console.cli.output import say_done, say_json_done, tell, tell_equivalent
from console.cli.prompt import confirm
from console.errors import UsageFault
from console.model.configured_environment import Environment


async def forgive(how: Invocation, host: str, reason: str) -> int:
    """Close what is owed to a host in every environment of the application, with the reason on record. Raises UsageFault where nothing is."""
    owing = _owing(how, host)
    named = [run for runs, _ in owing for run in runs]
    places = " and ".join(found.name for _, found in owing)
    await confirm(how, f"forgive what {' and '.join(named)} owe {host} in {places}?" if len(named) > 1 else f"forgive what run {named[0]} owes {host}?")
    answers = [await _forgiven(how, found, host, reason) for _, found in owing]
    runs, problems = [run for answer in answers for run in answer["runs"]], [answer["problem"] for answer in answers if answer["problem"]]
    if how.json:
        whole = {"host": host, "runs": runs, "unlocked": all(answer["unlocked"] for answer in answers), "problem": "; ".join(problems)}
        say_json_done({"type": "result", "exit": 0, **whole, "problems": []})
    else:
        say_done(f"{host}: forgiven, {' and '.join(runs)} {'owes' if len(runs) == 1 else 'owe'} it nothing any more")
    for problem in problems:
        tell(f"deploy: {problem}")
    tell_equivalent("forgive", host, "--reason", reason, "--yes")
    return 0


async def _forgiven(how: Invocation, found: Environment, host: str, reason: str) -> dict[str, Any]:
    client = await asking(how, found)
    try:
        answer: dict[str, Any] = await asked_to_act(client, "forgive", {"host": host, "reason": reason}, "deploy status")
    finally:
        await client.close()
    return answer


def _owing(how: Invocation, host: str) -> list[tuple[list[str], Environment]]:
    """Return the runs that owe a host something, and the environment that they were made in, for each such environment."""
    from console.cli.find_run import app_meant
    from console.cli.kept_models import model_of_run

    app = app_meant(how)
    found = _runs_owing(app, host)
    if not found:
        others = sorted({other for other, _ in _runs_owing("", host)}) if app and not how.app else []
        if others:
            raise UsageFault(f"{app} owes {host} nothing; other applications do: {', '.join(others)}", f"deploy --app {others[0]} forgive {host} --reason TEXT")
        raise UsageFault(f"nothing is owed to {host}; status shows what is owed", "deploy status")
    if len({app for app, _ in found}) > 1:
        raise UsageFault(f"{host} is owed something by several applications", f"--app {' or --app '.join(sorted(app for app, _ in found))}")
    return [(runs, model_of_run(runs[0]) or environment(Invocation(file=how.file, app=app), name)) for (app, name), runs in found.items()]


def _runs_owing(app: str, host: str) -> dict[tuple[str, str], list[str]]:
    """Return the runs of an application (empty: of any) that owe a host something, by application and environment."""
    from console.cli.find_run import journal
    from console.core.environment.record_queries import debts_of

    store = journal()
    try:
        records = {place: store.environment(*place) for place in store.places(app)}
    finally:
        store.close()
    return {place: runs for place, record in records.items() if (runs := [debt.run for debt in debts_of(record) if debt.host == host])}
