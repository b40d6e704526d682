"""What is said of each kind of run, and how it is found by its name. Pure; `core/kinds/kind_judges.py` has the checks and the plan of each."""

from typing import Final

from console.core.kinds.kind_facts import Kind, KindWords, NoReturn, OnFailure, Unsteered
from console.core.words.equivalent_command import with_options
from console.model.commands import Abort
from console.model.request import RunKind
from console.model.state import RunState
from console.model.values import changed

_ALL: Final = (
    Kind(
        "deploy", KindWords("DEPLOY", "", "DEPLOYED"), makes_release=True, changes_release=True, sets_live=True, pays="new",
        looked_at_with="deploy check {environment}",
    ),
    Kind(
        "rollback", KindWords("ROLL BACK", "rollback", "ROLLED BACK AS ASKED"),
        no_return=NoReturn("the rollback is under way"), is_return=True, changes_release=True, sets_live=True, pays="back",
    ),
    Kind(
        "restart", KindWords("RESTART", "restart", "RESTARTED"),
        no_return=NoReturn("a restart changes no release, so there is none to go back to", "deploy abort --leave", Abort(leave=True)), is_repeated=True,
    ),
    Kind(
        "restore", KindWords("RESTORE", "restore of the database", "DATABASE RESTORED"),
        no_return=NoReturn("a restore changes no host, and nothing takes it back", "deploy abort", Abort()), is_attended=False, changes_hosts=False,
    ),
    Kind(
        "catch-up", KindWords("CATCH UP", "catch-up", "CAUGHT UP"),
        no_return=NoReturn("an owed host is brought up to date, and never to an older state", "deploy attach"),
        changes_release=True, pays="new", is_attended=False,
    ),
    Kind(
        "exec", KindWords("EXEC", "exec", "DONE"), no_return=NoReturn("a command changes no release"),
        unsteered=Unsteered("an exec ends with the console that runs it, and takes no command", "ctrl+c there"),
    ),
    Kind(
        "maintenance", KindWords("MAINTENANCE", "maintenance", "DONE"), no_return=NoReturn("maintenance mode changes no release"),
        unsteered=Unsteered("maintenance mode is switched at once, and takes no command", "deploy maintenance {environment}"),
        looked_at_with="deploy maintenance {environment}",
    ),
)  # fmt: skip

KINDS: Final[dict[RunKind, Kind]] = {kind.name: kind for kind in _ALL}


def kind_of(run: RunState) -> Kind:
    """What is said of the kind of that run."""
    return KINDS[run.kind]


def on_failure(run: RunState) -> OnFailure:
    """What a failure beyond the budget does in this run, also in one that an earlier version opened."""
    return kind_of(run).failure_rule(run.on_failure)


def looked_at_with(run: RunState) -> str:
    """The command that shows again what such a run was refused for."""
    command = kind_of(run).looked_at_with.format(environment=run.environment)
    return with_options(command, run.request) if kind_of(run).makes_release else command


def asked_again(run: RunState, *, for_all: bool = False) -> str:
    """The command that asks for the same release, or restart, again. `for_all`: for the hosts too that this run left out."""
    kind = kind_of(run)
    if not (kind.makes_release or kind.is_repeated):
        return f"deploy {run.environment}"
    command = f"deploy {run.environment}" if kind.makes_release else f"deploy restart {run.environment}"
    return with_options(command, changed(run.request, without=()) if for_all else run.request)
