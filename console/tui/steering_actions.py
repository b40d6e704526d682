"""What a run that goes on is told by key: at once, or after a question. The same on its own page and on that of one of its hosts.

It decides nothing: a key becomes a command to the feed, and what came of it is read from the events that follow.
"""

from collections.abc import Callable
from functools import partial

from console.core.run.monitoring_window import window_that_runs
from console.model.commands import AnyCommand, Continue, Pause, Promote, Retry, TakeHelm
from console.model.state import RunState
from console.tui.dialogs.question import DialogQuestion
from console.tui.dialogs.run_questions import QUESTIONS, promote_question


class SteeringActions:
    """Acts for one page. `state`: the run as it is shown there; `host`: the one that is meant; `width`: cells that a dialog's words have;
    `ask`: asks a question; `send`: says a command, with the command line that says the same."""

    def __init__(
        self, state: Callable[[], RunState], host: Callable[[], str], width: Callable[[], int], ask: Callable[[DialogQuestion], None],
        send: Callable[[AnyCommand, str], None],
    ) -> None:  # fmt: skip
        self._state, self._host, self._width, self._ask, self._send = state, host, width, ask, send

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return what each action does, by id."""
        asked: dict[str, Callable[[], object]] = {action: partial(self.ask_about, action) for action in QUESTIONS}
        return asked | {
            "pause": lambda: self._send(Pause(), "deploy pause"), "helm": lambda: self._send(TakeHelm(), ""),
            "continue": lambda: self._send(Continue(expects=self._state().seq), "deploy continue"),
            "retry": lambda: self._send(Retry(expects=self._state().seq, host=self._host()), f"deploy retry {self._host()}"), "promote": self.promote,
        }  # fmt: skip

    def question(self, action: str) -> DialogQuestion:
        """Return what is to be asked before that is done."""
        return QUESTIONS[action](self._state(), self._host(), self._width())

    def ask_about(self, action: str) -> None:
        """Ask what is to be asked before that is done."""
        self._ask(self.question(action))

    def promote(self) -> None:
        """End a canary's analysis; the monitoring window ends with a reason."""
        state = self._state()
        if window_that_runs(state):
            self._ask(promote_question(state))
        else:
            self._send(Promote(expects=state.seq), "deploy promote")
