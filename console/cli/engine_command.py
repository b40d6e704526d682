"""The engine's own process: wires the real adapters into a session and serves it. Hidden; a console starts it when it needs one."""

import os
from contextlib import suppress
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from console.cli.carry_out import carry_out

FILES = 16384
"""Open files that an engine asks for where it may: a thousand hosts and their consoles need a few thousand."""


def run_engine(app: str, environment: str) -> None:
    """Be the engine of that application and environment until nobody needs it."""
    from console.adapters.enginelog import gate_own_output

    gate_own_output()
    _allow_many_files()
    carry_out(_serve(app, environment))


def _allow_many_files() -> None:
    """Take as many open files as may be had: each host has its link, and each console."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in (max(most, FILES), most):
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
            return


async def _serve(app: str, environment: str) -> None:
    from console.adapters.clock import SystemClock
    from console.adapters.journal.sql_journal import SqlJournal
    from console.adapters.logs.log_writer import LogWriter
    from console.adapters.secretfile import read_secret_file
    from console.adapters.statefolder import prepared, state_folder
    from console.cli.real_ports import open_outside
    from console.engine.engine import Engine
    from console.engine.server.engine_process import idle_seconds, serve
    from console.wire.address import lock_path, socket_path

    state = state_folder(os.environ)
    before = os.umask(prepared(state).umask)
    journal, logs = SqlJournal.of(state), LogWriter(state)
    opened = lambda model, secrets: open_outside(model, state, secrets, before)  # noqa: E731
    session = Engine(journal, SystemClock(), opened, zone_named, logs.keep, read_file=read_secret_file)
    try:
        idle = idle_seconds(os.environ.get("DEPLOY_ENGINE_IDLE", ""))
        socket, lock = socket_path(state, app, environment), lock_path(state, app, environment)
        await serve(session, app=app, environment=environment, socket=socket, lock=lock, idle=idle)
    finally:
        await journal.close()
        logs.close()


def zone_named(name: str) -> tzinfo | None:
    """The time zone of that name; the machine's own where none is named."""
    return ZoneInfo(name) if name else datetime.now().astimezone().tzinfo
