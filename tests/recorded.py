"""Events put into a journal, with what their run comes to."""

from console.core.run.evolve import fold


def append(store, run, events):
    """Write events of a run into a store."""
    store.append(run, events, fold((*store.read(run), *events)))


async def record(journal, run, events):
    """Write events of a run into a journal."""
    await journal.append(run, events, fold((*await journal.read(run), *events)))
