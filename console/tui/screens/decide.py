"""GO, asked for the last time: what it would do in one sentence, what was overridden, and the environment's name where it is protected."""

from console.model.state import RunState
from console.tui.screens.dialog import Choice, Dialog, TypingDialog
from console.views.spans import Line, Span, line
from console.views.timeline import blast_radius


def _body(state: RunState) -> tuple[Line, ...]:
    warnings = [check for check in state.checks if check.status == "warning"]
    overridden = [check for check in state.checks if check.status == "overridden"]
    out: list[Line] = [line(blast_radius(state) + ".")]
    out += [line(Span("! ", "warn"), f"{check.title}: {check.detail}") for check in warnings[:4]]
    out += [line(Span("overridden ", "warn"), f"{check.title}: {check.detail}") for check in overridden[:4]]
    return tuple(out)


class GoByName(TypingDialog):
    """GO for a protected environment: its name is typed."""

    def __init__(self, state: RunState) -> None:
        super().__init__(f"GO for {state.environment.upper()}?", (*_body(state), line(" "), line(f"Type {state.environment} to release:")))
        self._name = state.environment
        self.prompt = state.environment
        self.enter_words = "GO, once the name stands there"

    def accepts(self, text: str) -> bool:
        """Return whether it is the environment's name."""
        return text.strip() == self._name


class GoByKey(Dialog):
    """GO for an environment that is not protected: the same key again."""

    def __init__(self, state: RunState) -> None:
        super().__init__(f"GO for {state.environment}?", _body(state), (Choice("g", "GO", "go"),))


def go_dialog(state: RunState) -> Dialog:
    """Return the dialog for that run's GO; its answer is the typed name, or `go`."""
    return GoByName(state) if state.protected else GoByKey(state)
