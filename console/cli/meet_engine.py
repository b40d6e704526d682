"""The engine of an environment, met by a command: found or started, with the model and the secrets that the command takes.

Knows nothing of what is asked then. Slow parts are imported when used.
"""

import os
from typing import TYPE_CHECKING, Any

from console.cli.configuration import state
from console.cli.find_run import journal
from console.cli.invocation import Invocation
from console.cli.output import tell
from console.cli.which_journal import remember_journal
from console.errors import EngineLost, Unsettled, UsageFault

if TYPE_CHECKING:
    from console.client.engine_connection import Client
    from console.core.secrets.needed import Purpose
    from console.model.configured_environment import Environment
    from console.model.secret import SecretRef
    from console.wire.questions import Welcome


async def engine_of(how: Invocation, found: "Environment") -> "Client":
    """Meet the environment's engine, started where none lives. It has no model from this console yet."""
    from console.client.engines import ensure_engine
    from console.client.login_claims import claims_of

    secret = {one.name for one in found.secret_references().values() if one.kind == "env"}
    return await ensure_engine(state(), found.app, found.name, claims=claims_of(os.environ), read_only=how.read_only, without=secret)


async def configure(client: "Client", found: "Environment", purpose: "Purpose | None", *, resumes: bool = False, quiet: bool = False) -> None:
    """Hand the engine the model and the secrets of a run of that kind (`resumes`: of one that was begun before). `quiet`: a screen is shown.

    Raises Locked where it is busy with another model, UsageFault that names each secret which is needed and neither here nor there.
    """
    import asyncio

    from console.cli.kept_models import remember
    from console.cli.secret_sources import IMPATIENCE, SecretReader
    from console.config.load import digest
    from console.core.secrets.needed import needs_of, unhidden

    mark, needs, reading = digest(found), needs_of(found, purpose, resumes=resumes), SecretReader(quiet)
    await asyncio.to_thread(reading.add, found, of_record(found))
    held = frozenset[str]() if not needs.wanted and purpose in ("deploy", "check") else await client.configure(found, mark, reading.found)
    read = {*reading.found, *reading.problems}
    fresh = {name: one for name, one in needs.needed.items() if name not in read and (name not in held or one.kind != "command")}
    await asyncio.to_thread(reading.add, found, fresh)
    missing = tuple(problem for name, problem in reading.problems.items() if name not in held)
    if missing:
        raise UsageFault(missing[0].message, missing[0].hint, missing)
    fresh = {name: one for name, one in needs.wanted.items() if name not in held or one.kind != "command"}
    await asyncio.to_thread(reading.add, found, fresh, IMPATIENCE)
    await client.configure(found, mark, reading.found)
    remember(mark, found)
    remember_journal(found.journal)
    for words in () if quiet else unhidden(found, reading.found):
        tell(f"deploy: {words}")


async def asking(how: Invocation, found: "Environment") -> "Client":
    """Meet the engine for a question: it gets the model where it has none or an older one and nothing goes on.

    No secret is needed for it; those that stand in variables here are known, so that an answer which holds one is masked. Where runs have left something to
    be done it gets the secrets for that too: an engine that is met here goes on until it is done.
    """
    import asyncio

    here = await asyncio.to_thread(_secrets_here, found)  # one may be a command's, and the record's database may be slow: no screen stands still for it
    client = await engine_of(how, found)
    try:
        await _told_what_it_lacks(how, found, client, here)
    except BaseException:
        await client.close()
        raise
    return client


async def _told_what_it_lacks(how: Invocation, found: "Environment", client: "Client", here: dict[str, str]) -> None:
    import asyncio

    from console.config.load import digest

    if _lacks_nothing(how, found, client.welcome):
        return
    if _may_catch_up(found, client.welcome) and (client.welcome.left or await asyncio.to_thread(is_owing, found)):
        await _handed_over(client, found, here)
    elif client.welcome.digest != digest(found):
        await client.configure(found, digest(found), here)


def ask(how: Invocation, found: "Environment", name: str, argument: "dict[str, Any]") -> "Any":
    """Ask the engine what changes nothing, as `asking` meets it; one that lives and lacks nothing is asked without an event loop, which takes time to load."""
    from console.client.login_claims import claims_of
    from console.client.short_question import ask_engine
    from console.wire.address import socket_path
    from console.wire.questions import Hello, Query

    _secrets_here(found)
    hello = Hello(claims=claims_of(os.environ), read_only=how.read_only)
    path = socket_path(state(), found.app, found.name)
    answer = ask_engine(path, hello, Query(id=1, name=name, argument=argument), lambda welcome: _lacks_nothing(how, found, welcome))
    if answer is not None:
        return answer.value
    from console.cli.carry_out import carry_out

    return carry_out(_asked(how, found, name, argument))


async def _asked(how: Invocation, found: "Environment", name: str, argument: "dict[str, Any]") -> "Any":
    client = await asking(how, found)
    try:
        return await client.query(name, argument)
    finally:
        await client.close()


async def asked_to_act(client: "Client", name: str, argument: "dict[str, Any]", hint: str) -> "Any":
    """Have the engine do something outside a run. `hint`: what shows how things stand. Raises Unsettled where the engine was lost meanwhile."""
    try:
        return await client.query(name, argument)
    except EngineLost as lost:
        raise unsettled(lost, hint) from None


def unsettled(lost: EngineLost, hint: str) -> Unsettled:
    """Return the fault of a command whose engine was lost while it acted."""
    return Unsettled(f"{lost.message}; how much was done before that is not known", hint)


def _secrets_here(found: "Environment") -> dict[str, str]:
    """Read the secrets that stand in variables here, and the one that leads to the record, so that both are hidden from now on."""
    references = of_record(found) | {name: one for name, one in found.secret_references().items() if one.kind == "env"}
    if not references:
        return {}
    from console.cli.secret_sources import SecretReader

    reading = SecretReader(quiet=True)
    reading.add(found, references)
    return reading.found


def _lacks_nothing(how: Invocation, found: "Environment", welcome: "Welcome") -> bool:
    """Whether an engine has all that it is to have before a question, as far as it can say that itself."""
    from console.config.load import digest

    if welcome.busy or (how.read_only and welcome.digest):
        return True
    return welcome.digest == digest(found) and (welcome.left is False or not _may_catch_up(found, welcome))


def _may_catch_up(found: "Environment", welcome: "Welcome") -> bool:
    """Whether there are secrets that the engine may be given to do what runs have left."""
    from console.core.secrets.needed import needs_of

    return welcome.role == "operator" and bool(needs_of(found, "catch-up").needed.keys() - of_record(found).keys())


def of_record(found: "Environment") -> "dict[str, SecretRef]":
    """The secret that leads to the record, which an engine wants before anything else."""
    from console.model.configured_environment import JOURNAL

    return {name: one for name, one in found.secret_references().items() if name == JOURNAL}


async def _handed_over(client: "Client", found: "Environment", here: dict[str, str]) -> None:
    """Give the engine that is to bring owed hosts up to date the secrets that this takes, as far as they are here."""
    from console.config.load import digest

    try:
        await configure(client, found, "catch-up", quiet=True)
    except UsageFault:
        await client.configure(found, digest(found), here)


def is_owing(found: "Environment") -> bool:
    """Whether the record says that runs have left something to be done: a host that is owed, or a lock."""
    from console.core.environment.record_queries import leftovers

    store = journal()
    try:
        record = store.environment(found.app, found.name)
    finally:
        store.close()
    return bool(record.debts.owed or leftovers(record, (host.name for host in found.hosts)))


async def asking_with_secrets(how: Invocation, found: "Environment", purpose: "Purpose") -> "Client":
    """Meet the engine for a command of the application's: it has the model and the secrets then. Raises UsageFault where one is missing here and there."""
    client = await engine_of(how, found)
    if client.welcome.busy or client.welcome.role != "operator":
        return client
    try:
        await configure(client, found, purpose)
    except BaseException:
        await client.close()
        raise
    return client
