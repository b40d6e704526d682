"""`deploy maintenance`: whether users are shown a maintenance page, and switching that by an explicit verb on a freshly read state. Touches no host."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from console.cli.invocation import Invocation
from console.cli.kept_models import environment_or_known
from console.cli.meet_engine import ask, asked_to_act, asking_with_secrets
from console.cli.output import say, say_done, say_json_done, tell, tell_equivalent, tell_problem
from console.cli.prompt import confirm
from console.core.words.durations import duration_words
from console.errors import EngineLost, Problem
from console.exit_codes import Exit
from console.model.events import Event
from console.model.maintenance_mode import MaintenanceSeen
from console.plain.problem_json import problem_object
from console.views.maintenance_summary import odd_places, place_hint, place_words, question_words, seen_lines, verb_for

if TYPE_CHECKING:
    from console.client.engine_connection import Client
    from console.model.configured_environment import Environment

Asked = Literal["on", "off", "toggle"]
TOGGLE = "maintenance is {state}, so toggle could mean either; nothing was done: say on, or off"


def show_maintenance(how: Invocation, name: str) -> int:
    """Say whether users are shown a maintenance page, read from the hosts now: 0, or 5 where it is mixed or not known."""
    found = environment_or_known(how, name)
    seen = _as_seen(ask(how, found, "maintenance-seen", {}))
    return _tell(how, found, seen, "", [], [])


async def switch_maintenance(how: Invocation, name: str, asked: Asked, message: str, seconds: float) -> int:
    """Switch it everywhere: 0, or 5 where some place does not show what it was told to. Toggle reads, and then says the verb."""
    found = environment_or_known(how, name)
    client = await asking_with_secrets(how, found, "maintenance")
    try:
        seen = _as_seen(await client.query("maintenance-seen", {}))
        verb = verb_for(seen) if asked == "toggle" else asked
        if verb is None:
            return _tell(how, found, seen, "", [{"message": TOGGLE.format(state=seen.state), "hint": f"deploy maintenance {found.name} off"}], ())
        await confirm(how, f"{found.name}: maintenance {question_words(verb, seen, _now())}. Do it?")
        argument = {"verb": verb, "message": message, "seconds": seconds, "expects": seen.mark}
        answer = await asked_to_act(client, "maintenance", argument, f"deploy maintenance {found.name} status")
        with suppress(EngineLost):  # what came of it is known by then, and said
            await _show_events(how, client, answer["run"])
    finally:
        await client.close()
    code = _tell(how, found, _as_seen(answer["seen"]), answer["run"], answer["problems"], seen_lines(seen)[:1])
    more = (*(("--message", message) if message else ()), *(("--for", duration_words(seconds)) if seconds else ()))
    tell_equivalent("maintenance", found.name, verb, *more, "--yes")
    return max(code, int(answer["exit"]))


async def _show_events(how: Invocation, client: "Client", run: str) -> None:
    """Print every event of the run that it was; none where somebody else was first. A person at a terminal reads the result alone."""
    if not run or how.may_have_screen:
        return
    from console.plain.run_as_json import JsonPrinter
    from console.plain.run_as_lines import LinePrinter
    from console.wire.json_lines import event_json

    printer = JsonPrinter(say, event_json) if how.json else LinePrinter(say)
    async for item in client.follow(run, samples=False):
        if isinstance(item, Event):
            printer.event(item)


def _as_seen(value: object) -> MaintenanceSeen:
    from console.wire.codec import from_plain

    return from_plain(value, MaintenanceSeen)


def _tell(how: Invocation, found: "Environment", seen: MaintenanceSeen, run: str, told: list[dict[str, str]], before: Any) -> int:
    """Say what is so now, and what is wrong with it."""
    problems = [Problem(one["message"], one["hint"]) for one in told]
    problems += [] if run else [Problem(place_words(place), place_hint(found.name, seen, place)) for place in odd_places(seen)]
    code = int(Exit.FAILED if seen.state in ("mixed", "unknown") else Exit.DONE)
    if how.json:
        say_json_done({
            "type": "result", "exit": code, "environment": found.name, "maintenance": seen.state, "run": run or None,
            "hosts": [{"host": place.place, "maintenance": place.shows, "problem": place.why} for place in seen.places if not place.is_balancer],
            "balancers": [{"balancer": place.place, "maintenance": place.shows, "problem": place.why} for place in seen.places if place.is_balancer],
            **_kept(seen), "problems": [problem_object(problem) for problem in problems],
        })  # fmt: skip
    else:
        for line in before:
            tell(f"deploy: before: {line}")
        say_done(f"{found.name}: {seen_lines(seen)[0]}")
    for problem in problems:
        tell_problem(problem)
    return code


def _kept(seen: MaintenanceSeen) -> dict[str, str | None]:
    kept = seen.kept if seen.state != "off" else None
    names = ("by", "since", "until", "message")
    return {name: (getattr(kept, name) or None) if kept else None for name in names}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
