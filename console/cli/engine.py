"""The engine's own process: wires the real adapters into a session and serves it. Hidden; a console starts it when it needs one."""

import asyncio
import os
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo


def run_engine(app: str, environment: str) -> None:
    """Be the engine of that application and environment until nobody needs it."""
    import gc

    gc.freeze()
    asyncio.run(_serve(app, environment))


async def _serve(app: str, environment: str) -> None:
    from console.adapters.clock import SystemClock
    from console.adapters.journal import SqlJournal
    from console.adapters.runlog import RunLog
    from console.adapters.statefolder import prepared, state_folder
    from console.cli.outside import open_outside
    from console.engine.serve import idle_seconds, serve
    from console.engine.session import Session
    from console.ports.feed import Output
    from console.wire.address import lock_path, socket_path

    state = state_folder(os.environ)
    prepared(state)
    logs: dict[str, RunLog] = {}

    def keep(run: str, output: Output) -> None:
        log = logs.setdefault(run, RunLog(state, run))
        log.append(output.host or "console", output.step, output.at, (output.text,))

    journal = SqlJournal.of(state)
    session = Session(journal, SystemClock(), lambda model, secrets: open_outside(model, state, secrets), zone_named, keep)
    try:
        idle = idle_seconds(os.environ.get("DEPLOY_ENGINE_IDLE", ""))
        socket, lock = socket_path(state, app, environment), lock_path(state, app, environment)
        await serve(session, app=app, environment=environment, socket=socket, lock=lock, idle=idle)
    finally:
        journal.close()


def zone_named(name: str) -> tzinfo | None:
    """The time zone of that name; the machine's own where none is named."""
    return ZoneInfo(name) if name else datetime.now().astimezone().tzinfo
