"""How far releases have come on their way to hosts, in words. Pure."""

from console.core.words.durations import duration_words
from console.core.words.sizes import counted_hosts, size_words
from console.model.events import ReleaseSent


def sending_words(event: ReleaseSent) -> str:
    """Return what was sent of what, how fast, and how long the rest takes at that rate."""
    to = counted_hosts(event.hosts)
    left = "" if event.left is None else f", {duration_words(round(event.left))} left"
    return f"sending to {to}: {size_words(event.sent)} of {size_words(event.size)}, {size_words(event.rate)}/s{left}"
