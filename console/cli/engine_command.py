"""The engine's own process: wires the real adapters into a session and serves it. Hidden; a console starts it when it needs one."""

import os
from contextlib import suppress
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from console.cli.carry_out import carry_out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.model.configured_environment import Environment
    from console.model.secret import Secret

FILES = 16384
"""Open files that an engine asks for where it may: a thousand hosts and their consoles need a few thousand."""


def run_engine(app: str, environment: str) -> None:
    """Be the engine of that application and environment until nobody needs it."""
    from console.adapters.enginelog import gate_own_output

    gate_own_output()
    _allow_many_files()
    carry_out(_serve(app, environment), leaves_out=False)


def _allow_many_files() -> None:
    """Take as many open files as may be had: each host has its link, and each console."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in (max(most, FILES), most):
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
            return


async def _serve(app: str, environment: str) -> None:
    from console.adapters.engine_identity import this_engine
    from console.adapters.journal.chosen_journal import ChosenJournal
    from console.adapters.logs.log_writer import LogWriter
    from console.adapters.secretfile import read_secret_file
    from console.adapters.statefolder import prepared, state_folder
    from console.adapters.system_clock import SystemClock
    from console.cli.kept_models import model_in_use
    from console.cli.real_ports import open_outside
    from console.engine.engine import Engine
    from console.engine.server.engine_process import idle_seconds, serve
    from console.wire.address import lock_path, socket_path

    state = state_folder(os.environ)
    before = os.umask(prepared(state).umask)
    carrier = this_engine()
    journal, logs = ChosenJournal(state, carrier), LogWriter(state)
    opened = lambda model, secrets: open_outside(model, state, secrets, before)  # noqa: E731

    async def choose(model: "Environment", secrets: "Mapping[str, Secret]") -> None:
        from console.adapters.journal.chain import JournalAway
        from console.errors import NoGo

        try:
            await journal.use(_journal_address(model, secrets), (model.app, model.name))
        except JournalAway as fault:  # before anything is begun: nothing is known of what runs, and nothing could be written down
            raise NoGo(fault.message, fault.hint) from None

    session = Engine(
        journal, SystemClock(), opened, zone_named, logs.keep, read_file=read_secret_file, choose_journal=choose, carrier=carrier, kept=model_in_use
    )
    try:
        idle = idle_seconds(os.environ.get("DEPLOY_ENGINE_IDLE", ""))
        socket, lock = socket_path(state, app, environment), lock_path(state, app, environment)
        await serve(session, app=app, environment=environment, socket=socket, lock=lock, idle=idle, users=session.users)
    finally:
        await journal.close()
        logs.close()


def _journal_address(model: "Environment", secrets: "Mapping[str, Secret]") -> str:
    """Where the model's record is; empty: in the state folder. Raises UsageFault where the secret that leads there is not here."""
    from console.adapters.secretfile import read_secret_file
    from console.errors import Problem, UsageFault
    from console.model.configured_environment import JOURNAL

    named = model.journal
    if isinstance(named, str):
        return named
    if named.kind == "file":
        text = read_secret_file(JOURNAL, named)
        if isinstance(text, Problem):
            raise UsageFault(text.message, text.hint)
        return text
    if JOURNAL not in secrets:
        where = f"${named.name}" if named.kind == "env" else f"the command {named.name}"
        raise UsageFault(f"the secret {JOURNAL} was not handed over: it comes from {where}", "type the command again where that can be read")
    return secrets[JOURNAL].reveal()


def zone_named(name: str) -> tzinfo | None:
    """The time zone of that name; the machine's own where none is named."""
    return ZoneInfo(name) if name else datetime.now().astimezone().tzinfo
