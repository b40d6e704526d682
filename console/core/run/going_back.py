"""From which events on a run goes back: what is written from then on waits for nothing that it can do without. Pure."""

from console.model.events import AbortAsked, AnyEvent, HostReturning, RollbackBegan, RunOpened, TakenUp


def goes_back(event: AnyEvent) -> bool:
    """Whether a run goes back from that event on, or is taken up, so that it can."""
    return isinstance(event, RollbackBegan | HostReturning | AbortAsked | TakenUp) or (isinstance(event, RunOpened) and event.kind == "rollback")
