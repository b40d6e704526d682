"""`deploy engine migrate`: brings the tables of a shared journal up to date, and hands it the history of the state folder. Meets no engine."""

import os
from typing import TYPE_CHECKING

from console.cli.configuration import state
from console.cli.invocation import Invocation
from console.cli.output import say_done, say_json_done, tell_equivalent
from console.cli.which_journal import journal_address
from console.exit_codes import Exit

if TYPE_CHECKING:
    from console.adapters.journal.hand_over import HandedOver


def migrate_journal(how: Invocation) -> int:
    """Migrate, and print the tables' version before and after. Raises Locked while another console does, JournalFault, UsageFault."""
    address = journal_address()
    path, before, now = "", 0, 0
    handed: list[HandedOver] = []
    if address:
        from console.adapters.journal.postgres_migrate import migrate

        path, before, now = migrate(address)
        handed = _handed_over(address)
    if how.json:
        histories = [{"app": one.app, "environment": one.environment, "runs": one.runs, "left": one.left, "why": one.why or None} for one in handed]
        say_json_done(
            {"type": "result", "exit": int(Exit.DONE), "journal": path or None, "before": before, "version": now, "history": histories, "problems": []}
        )
    elif not path:
        say_done("the journal is a file of the state folder, which each console brings up to date by itself")
    elif before == now:
        say_done(f"the tables of {path} are up to date: version {now}")
    else:
        say_done(f"the tables of {path} are brought from version {before} to {now}" if before else f"the tables of {path} are made: version {now}")
    for one in () if how.json else handed:
        say_done(one.words)
    tell_equivalent("engine", "migrate")
    return int(Exit.DONE)


def _handed_over(address: str) -> "list[HandedOver]":
    """Hand the state folder's history to the shared record; none where there is no history here."""
    from console.adapters.journal.chosen_journal import open_store
    from console.adapters.statefolder import journal_path

    folder = state()
    if not os.path.exists(journal_path(folder)):
        return []
    from console.adapters.journal.hand_over import hand_over

    source, target = open_store(folder, ""), open_store(folder, address)
    try:
        return list(hand_over(source, target))
    finally:
        source.close()
        target.close()
