"""`deploy engine migrate`: brings the tables of a shared journal up to date. Meets no engine."""

from console.cli.invocation import Invocation
from console.cli.output import say, say_json, tell_equivalent
from console.cli.which_journal import journal_address
from console.errors import Exit


def migrate_journal(how: Invocation) -> int:
    """Migrate, and print the tables' version before and after. Raises Locked while another console does, JournalFault, UsageFault."""
    address = journal_address()
    path, before, now = "", 0, 0
    if address:
        from console.adapters.journal.migrate import migrate

        path, before, now = migrate(address)
    if how.json:
        say_json({"type": "result", "exit": int(Exit.DONE), "journal": path or None, "before": before, "version": now, "problems": []})
    elif not path:
        say("the journal is a file of the state folder, which each console brings up to date by itself")
    elif before == now:
        say(f"the tables of {path} are up to date: version {now}")
    else:
        say(f"the tables of {path} are brought from version {before} to {now}" if before else f"the tables of {path} are made: version {now}")
    tell_equivalent("engine", "migrate")
    return int(Exit.DONE)
