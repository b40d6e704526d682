"""The ticket of a release: when it is closed, what its command or URL is told, and what is said where it stays open. Pure; nothing is sent here."""

from typing import Any

from console.core.host.shell import filled
from console.core.kinds.kind_table import kind_of
from console.errors import Problem
from console.exit_codes import Exit
from console.model.configured_environment import Environment
from console.model.secret import SecretRef, Variable
from console.model.state import RunState
from console.safe_text import SafeText

SHOWN = 60
"""Characters of a command that are shown."""
CHANGES = 30
"""Changes that a URL is told."""


def is_url(close: str) -> bool:
    """Whether a ticket is closed by posting to a URL; else it is a command."""
    return close.startswith(("http://", "https://"))


def closes_ticket(environment: Environment, state: RunState, code: int) -> bool:
    """Whether a run that ends with that exit code closes a ticket: its release is live on the fleet. A release to a part of it (`--hosts`) closes none,
    and neither does one that a newer one has superseded: it was not verified."""
    if state.superseded_by:
        return False
    return environment.ticket is not None and kind_of(state).makes_release and code in (Exit.DONE, Exit.LIVE_BUT_BEHIND) and not state.request.hosts


def ticket_values(state: RunState) -> dict[str, str]:
    """Return what stands for each placeholder."""
    release, revision = state.release, state.revision
    return {
        "version": str(revision.version) if revision else "", "commit": revision.commit if revision else "", "release": release.id if release else "",
        "run": state.run, "env": state.environment,
    }  # fmt: skip


def ticket_object(state: RunState) -> dict[str, Any]:
    """Return what a URL is told, as JSON's values."""
    values = ticket_values(state)
    return {
        "app": state.app, "environment": state.environment, "run": state.run, "version": values["version"], "commit": values["commit"],
        "by": state.by.name, "outcome": state.outcome, "exit": state.exit, "started": state.opened_at, "ended": state.ended_at,
        "changes": [str(one) for one in state.changes[:CHANGES]],
    }  # fmt: skip


def close_words(close: Variable, state: RunState) -> SafeText:
    """Return how the ticket is closed, without secrets: the command as it is run, or where the URL leads."""
    if isinstance(close, SecretRef):
        return SafeText(f"what {'$' if close.kind == 'env' else ''}{close.name} says")
    if is_url(close):
        scheme, _, rest = close.partition("://")
        return SafeText(f"{scheme}://{rest.partition('/')[0].rpartition('@')[2]}")
    return SafeText(filled(close, ticket_values(state)), SHOWN)


def ticket_problems(state: RunState) -> tuple[Problem, ...]:
    """The ticket of a release that is live, where it is not closed."""
    version = state.release.version if state.release else state.run
    if state.ticket == "failed":
        return (Problem(f"the ticket of {version} is not closed, close it by hand: {state.ticket_problem}"),)
    if state.ticket == "open" and state.phase == "ended":
        return (Problem(f"the ticket of {version} is still to be closed", f"deploy status {state.environment}"),)
    return ()
