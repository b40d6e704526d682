"""Maintenance mode in words: what users are shown, since when, by whom, until when, and which places are not as the others. Pure."""

import shlex
from collections.abc import Callable

from console.core.words.durations import duration_words
from console.core.words.moments import moment_words
from console.core.words.sizes import counted, counted_hosts
from console.model.maintenance_mode import Maintenance, MaintenanceSeen, MaintenanceVerb, PlaceSeen
from console.views.times import seconds_between

NAMED = 3
_SHOWS = {"on": "on", "off": "off", "half": "begun and not ended", "unknown": "not known"}


def since_words(kept: Maintenance, now: str = "", at: Callable[[str], str] = moment_words) -> str:
    """`by ada since 12:03, until 13:00: upgrade`. `now` (UTC, RFC 3339): a past end is said to be. `at`: how a moment is written, where a zone is known."""
    until = ""
    if kept.until:
        over = bool(now) and str(kept.until) <= now
        until = f", {'its time was over' if over else 'until'} {at(str(kept.until))}"
    return f"by {kept.by} since {at(str(kept.since))}{until}" + (f": {kept.message}" if kept.message else "")


def scope_words(seen: MaintenanceSeen) -> str:
    """`12 hosts and 1 balancer`."""
    hosts, balancers = (sum(place.is_balancer == kind for place in seen.places) for kind in (False, True))
    return " and ".join(words for number, words in ((hosts, counted_hosts(hosts)), (balancers, counted(balancers, "balancer"))) if number)


def question_words(verb: MaintenanceVerb, seen: MaintenanceSeen, now: str) -> str:
    """`ON for 12 hosts; read 1 s ago: off`. `now` is UTC, RFC 3339."""
    age = int(seconds_between(seen.at, now)) if seen.at else 0
    return f"{verb.upper()} for {scope_words(seen)}; read {age} s ago: {seen.state}"


def verb_for(seen: MaintenanceSeen) -> MaintenanceVerb | None:
    """The verb that changes what was seen; None where it is neither on nor off, so that a person has to say which."""
    return {"on": "off", "off": "on"}.get(seen.state)  # type: ignore[return-value] # on and off are verbs too


def odd_places(seen: MaintenanceSeen) -> tuple[PlaceSeen, ...]:
    """The places that a person should look at: all that give no answer, and in a mixed state all that do not show the page."""
    return tuple(place for place in seen.places if place.shows in ("half", "unknown") or (seen.state == "mixed" and place.shows == "off"))


def place_words(place: PlaceSeen) -> str:
    """`web03: off`, `web03: not known: no route to host`."""
    return f"{place.place}: {_SHOWS[place.shows]}" + (f": {place.why}" if place.why else "")


def seen_lines(seen: MaintenanceSeen, at: Callable[[str], str] = moment_words) -> tuple[str, ...]:
    """The state in a line, and a line for each place that is not as it should be."""
    head = f"maintenance is {seen.state} ({scope_words(seen)})" + (f" {since_words(seen.kept, seen.at, at)}" if seen.kept and seen.state != "off" else "")
    return (head, *map(place_words, odd_places(seen)))


def place_hint(environment: str, seen: MaintenanceSeen, place: PlaceSeen) -> str:
    """What to type about a place that is not as it should be: one that gave no answer is first to be reached, the others are switched."""
    return str(place.hint) or (f"deploy check {environment}" if place.shows == "unknown" else mending(environment, seen))


def mending(environment: str, seen: MaintenanceSeen) -> str:
    """The command that makes a mixed fleet one thing again; empty: it is."""
    if seen.state != "mixed":
        return ""
    is_meant = seen.kept is not None and (not seen.kept.until or str(seen.kept.until) > seen.at)
    verb = "on" if is_meant else "off"
    return f"deploy maintenance {environment} {verb}"


def length_words(seconds: float) -> str:
    """How long it stays on, as a person chooses it."""
    return duration_words(seconds) if seconds else "until it is switched off"


def equivalent_words(environment: str, verb: MaintenanceVerb, message: str, seconds: float) -> str:
    """The command line that switches it so."""
    more = (*(("--message", message) if message else ()), *(("--for", duration_words(seconds)) if seconds else ()))
    return shlex.join(("deploy", "maintenance", environment, verb, *more))
