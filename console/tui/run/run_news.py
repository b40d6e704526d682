"""What the run screen says by itself, each thing once: who took the helm, and that the feed has ended."""

from console.as_typed import as_typed
from console.tui.feed_follower import FeedFollower
from console.views.styled_text import Tone


class RunNews:
    """Remembers what was said of one run. Each answer is a sentence and its tone; None: there is no news."""

    def __init__(self) -> None:
        self._helm = ""
        self._told_end = False

    def of_helm(self, follower: FeedFollower) -> tuple[str, Tone] | None:
        """Say who took the helm from who sits here."""
        before, self._helm = self._helm, follower.helm
        taken = self._helm and not before and follower.state.helm is not None
        return (f"{self._helm} took the helm; h takes it back", "warn") if taken else None

    def of_end(self, follower: FeedFollower) -> tuple[str, Tone] | None:
        """Say why nothing more comes though the run has not ended, and that it goes on again."""
        if not follower.finished:
            was_told, self._told_end = self._told_end, False
            return ("an engine carries the run again", "good") if was_told else None
        if self._told_end:
            return None
        self._told_end = True
        if follower.problem:
            return follower.problem, "bad"
        return (as_typed("the engine sends nothing more; q, then deploy attach"), "bad") if follower.state.phase != "ended" else None
