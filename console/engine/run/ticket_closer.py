"""Closes the ticket of a release that is live: after its run's end, beside everything else, and at most twice. What came of it is in the record.

A ticket that an engine could not close any more is closed by the next one, which may do it again: its command has to bear that.
"""

from console.core.run.ticket import close_words, ticket_object, ticket_values
from console.engine.context import QueryContext
from console.model.events import TicketClosed
from console.model.state import RunState
from console.safe_text import SafeText

TRIES = 2
BETWEEN = 5.0
"""Seconds between them."""
CLOSE_WITHIN = 20.0
"""Seconds of a try."""


async def close_ticket(fleet: QueryContext, state: RunState) -> TicketClosed | None:
    """Close the ticket of that ended run, and say what came of it; None: it has none that is open, or nobody says how it is closed."""
    ticket = fleet.environment.ticket
    if state.ticket != "open" or ticket is None:
        return None
    values, told, problem = ticket_values(state), ticket_object(state), SafeText("")
    for turn in range(TRIES):
        if turn:
            await fleet.clock.sleep(BETWEEN)
        problem = await fleet.outside.tickets.close_ticket(values, told, deadline=CLOSE_WITHIN)
        if not problem:
            return TicketClosed(close=close_words(ticket.close, state), tries=turn + 1)
    return TicketClosed(close=close_words(ticket.close, state), tries=TRIES, problem=problem)
