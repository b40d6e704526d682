"""What a run's screen does by itself when something came: asks for GO, takes an answered question away, says who took the helm and that nothing more comes."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from console.model.state import RunState
from console.tui.dialogs import run_questions
from console.tui.dialogs.dialog import Dialog
from console.tui.situation import may_go
from console.typed import as_typed
from console.views.times import seconds_in_words

if TYPE_CHECKING:
    from console.tui.run.run_screen import RunScreen


class RunReactions:
    """Looks at what came to one run's screen. `asks`: GO is asked for by itself, once, when it is open."""

    def __init__(self, screen: "RunScreen", *, asks: bool) -> None:
        self._screen = screen
        self._asks = asks
        self._helm = ""
        self._told_end = False
        self._asked: tuple[Dialog, Callable[[RunState], bool]] | None = None

    def asked(self, dialog: Dialog, still: Callable[[RunState], bool]) -> None:
        """Take that question away once it is not `still` to be answered: another console did, or the run has ended."""
        self._asked = dialog, still

    @property
    def helm(self) -> str:
        """Who answers the run's questions, when they are there and it is not who sits here."""
        presence, driver = self._screen.follower.presence, self._screen.state.driver
        theirs = presence.me and driver.login != presence.me and driver.login in presence.logins
        return str(driver) + (" (another terminal)" if presence.me.split(" ")[0] == driver.name else "") if theirs else ""

    @property
    def link_problem(self) -> str:
        """Why nothing more comes though the run goes on; empty: it comes."""
        follower = self._screen.follower
        if follower.broken:
            return as_typed("this screen stopped: q, then deploy attach")
        quiet = follower.silence(self._screen.app.clock.mono())
        if quiet and self._screen.state.phase != "ended":
            return f"the engine has not answered for {seconds_in_words(quiet)}"
        return "the engine is gone" if follower.finished and self._screen.state.phase != "ended" else ""

    def react(self) -> None:
        """Do what is to be done about what came."""
        screen, state = self._screen, self._screen.state
        if self.helm != self._helm:
            before, self._helm = self._helm, self.helm
            if self._helm and not before and state.helm is not None:
                screen.say(f"{self._helm} took the helm; h takes it back", "warn")
        if self._asks and state.phase == "deciding" and screen.is_current and may_go(screen.situation):
            self._asks = False
            run_questions.ask_go(screen)
        self._close_what_is_answered()
        if screen.follower.finished and not self._told_end:
            self._told_end = True
            self._say_end()

    def _close_what_is_answered(self) -> None:
        if self._asked is None:
            return
        (dialog, still), state = self._asked, self._screen.state
        if still(state):
            return
        self._asked = None
        if dialog.is_current:
            dialog.dismiss("")
            why = state.reason if state.phase == "ended" else f"GO by {state.decided_by}" if state.go else "another console answered it"
            self._screen.say(f"the question was closed: {why}", "warn")

    def _say_end(self) -> None:
        if self._screen.follower.problem:
            self._screen.say(self._screen.follower.problem, "bad")
        elif self._screen.state.phase != "ended":
            self._screen.say(as_typed("the engine says nothing more; q, then deploy attach"), "bad")
