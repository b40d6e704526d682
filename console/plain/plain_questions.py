"""What a run asks of a person at a terminal without a screen: numbered choices, and the name that is typed for GO. Pure.

An answer becomes a command and its twin on the command line; who reads the answer is `cli`.
"""

import shlex
from dataclasses import dataclass

from console.core.kinds.kind_table import kind_of
from console.core.run.breaches import blocking_breach
from console.core.run.command_refusals import may
from console.core.run.critical_path_verdict import open_ticks
from console.core.run.ready_steps import changing_steps
from console.core.words.threshold_words import breach_words
from console.model import commands as cmd
from console.model.checks import Check
from console.model.state import RunState
from console.model.thresholds import ThresholdState
from console.views.plain_lines import decision_lines

AGAIN = frozenset({"failed", "unknown", "unreachable"})


@dataclass(frozen=True)
class PlainChoice:
    """One answer: its words, what it says to the run, and the command line that does the same."""

    words: str
    command: cmd.AnyCommand | None
    equivalent: str = ""


@dataclass(frozen=True)
class Question:
    """What is asked. `typed`: this name is the answer that means GO, and no number is."""

    key: str
    """The same for as long as the same thing is asked."""
    lines: tuple[str, ...]
    choices: tuple[PlainChoice, ...]
    typed: str = ""

    @property
    def prompt(self) -> str:
        """The line that the answer is typed on."""
        return f"type {self.typed} for GO, anything else for no-go: " if self.typed else f"1-{len(self.choices)}: "

    def answer(self, text: str) -> PlainChoice | None:
        """Return the choice that was made; None when the answer is none of them."""
        if self.typed:
            return self.choices[0] if text.strip() == self.typed else self.choices[1]
        wanted = text.strip()
        return self.choices[int(wanted) - 1] if wanted.isdecimal() and 1 <= int(wanted) <= len(self.choices) else None


def question(state: RunState) -> Question | None:
    """Return what a person is asked now; None when nothing is. Each answer is one that the run takes. A pause that a person made asks nothing."""
    if state.phase == "deciding":
        return _decision(state)
    breach = blocking_breach(state)
    if state.phase == "running" and state.pausing is None and breach is not None and breach.is_breached and not state.aborting:
        return None if any(step.kind != "monitor" for step in changing_steps(state)) else _breach(state, breach)
    if state.phase != "running" or state.pausing is None or state.pausing.cause == "operator" or changing_steps(state):
        return None
    return _pause(state)


def _decision(state: RunState) -> Question | None:
    if state.plan is None or state.go is not None:
        return None
    open_one = next((check for check in state.checks if check.is_open and check.blocks), None)
    if open_one is not None:
        return _tick(state, open_one)
    if state.request.yes or any(check.blocks for check in state.checks):
        return None
    typed = state.environment if state.protected else ""
    go = cmd.Decide(go=True, digest=state.plan.digest, typed=typed)
    choices = (PlainChoice("GO", go, _deploy_twin(state)), PlainChoice("no-go", cmd.Decide(go=False, digest=state.plan.digest)))
    lines = decision_lines(state) if typed else (*decision_lines(state), *_numbered(choices))
    return Question(f"decide {state.plan.digest}", lines, choices, typed)


def _tick(state: RunState, check: Check) -> Question:
    """Ask for a manual check, of those who asked for GO beforehand too: it is theirs to say."""
    digest = state.plan.digest if state.plan else ""
    choices = (
        PlainChoice("yes: tick it off", cmd.Acknowledge(check=check.id), f"deploy ack {shlex.quote(check.id)} {state.run}"),
        PlainChoice("no-go", cmd.Decide(go=False, digest=digest)),
    )
    return Question(f"tick {check.id}", (f"{check.title}: {check.detail}", *_numbered(choices)), choices)


def _numbered(choices: tuple[PlainChoice, ...]) -> tuple[str, ...]:
    return tuple(f"  {number} {choice.words}" for number, choice in enumerate(choices, 1))


def _deploy_twin(state: RunState) -> str:
    if not kind_of(state).makes_release:
        return f"deploy {state.kind} {state.environment} --yes"
    version = f" --version {state.revision.version}" if state.revision else ""
    return f"deploy {state.environment}{version} --yes"


def _breach(state: RunState, breach: ThresholdState) -> Question:
    """Ask where a metric is above its limit and no host goes back by itself."""
    choices = (
        PlainChoice("roll back", cmd.RollBack(), f"deploy rollback {state.environment} --yes"),
        PlainChoice("go on in spite of it", cmd.Continue(expects=state.seq), f"deploy continue {state.run}"),
        PlainChoice("leave it as it is", None, f"deploy attach {state.run}"),
    )
    taken = tuple(choice for choice in choices if choice.command is None or may(choice.command, state) is None)
    lines = (f"above its limit: {breach_words(breach.threshold, breach.verdict)}", *_numbered(taken))
    return Question(f"threshold {breach.threshold.key} {breach.breached}", lines, taken)


def _pause(state: RunState) -> Question:
    again = [host.name for host in state.hosts.values() if host.condition in AGAIN]
    choices = [
        PlainChoice(f"it works: tick {name} off", cmd.Acknowledge(check=name), f"deploy ack {shlex.quote(name)} {state.run}") for name in open_ticks(state)
    ]
    breach = blocking_breach(state)
    words = "continue, in spite of it" if breach else "continue"
    choices += [PlainChoice(words, cmd.Continue(expects=state.seq), f"deploy continue {state.run}")]
    choices += [PlainChoice("promote: go on with the release", cmd.Promote(expects=state.seq), f"deploy promote {state.run}")]
    choices += [PlainChoice(f"try {name} again", cmd.Retry(expects=state.seq, host=name), f"deploy retry {name} {state.run}") for name in again[:6]]
    choices.append(PlainChoice("roll back", cmd.RollBack(), f"deploy rollback {state.environment} --yes"))
    choices.append(PlainChoice("abort and leave all as it is", cmd.Abort(leave=True), f"deploy abort {state.run} --leave"))
    choices.append(PlainChoice("leave it paused", None, f"deploy attach {state.run}"))
    reason = state.pausing.reason if state.pausing else ""
    taken = tuple(choice for choice in choices if choice.command is None or may(choice.command, state) is None)
    above = (f"above its limit: {breach_words(breach.threshold, breach.verdict)}",) if breach else ()
    key = f"pause {state.pausing.since if state.pausing else 0}" + (f" {breach.threshold.key} {breach.breached}" if breach else "")
    return Question(key, (f"paused: {reason}", *above, *_numbered(taken)), taken)
