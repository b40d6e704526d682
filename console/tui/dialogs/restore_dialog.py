"""The dialog before a database is restored from a run's backup: it says what is lost, and the environment's name must be typed.

Begins the run that does it; whether there is such a backup still is that run's to say.
"""

from datetime import datetime, timedelta

from console.core.database_state import is_migrated
from console.core.words.database_words import backup_words
from console.model.request import Request
from console.model.state import RunState
from console.tui.dialogs.dialog import TypingDialog
from console.tui.dialogs.question import DialogQuestion, NewRun
from console.views.styled_text import Line, Span, line


def restore_words(state: RunState, now: datetime) -> tuple[Line, ...]:
    """Return what goes back, what is lost, and what stays."""
    backup = state.backup
    if backup is None:
        return ()
    since = max(timedelta(0), now - datetime.fromisoformat(backup.at.replace("Z", "+00:00")))
    out = [
        line(f"The database goes back to the backup {backup_words(backup)}, which run {state.run} took."),
        line(Span("! ", "bad"), f"What was written to it in the {_span(since)} since then is lost for good."),
    ]
    if is_migrated(state):
        version = state.release.version if state.release else "this release"
        out.append(line(Span("! ", "warn"), f"The migration of {version} is undone with it: code that needs the new schema fails."))
    return (*out, line("No host changes its release; every host is locked until the restore ends."))


def _span(since: timedelta) -> str:
    minutes = int(since.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"


class RestoreByName(TypingDialog):
    """The database back: its environment's name is typed."""

    enter_words = "restore it, once the name is typed"

    def __init__(self, state: RunState, now: datetime) -> None:
        place = state.environment.upper() if state.protected else state.environment
        super().__init__(f"Restore the database of {place}?", (*restore_words(state, now), line(" "), line(f"Type {state.environment} to restore it:")))
        self._expected = self.prompt = state.environment

    def accepts(self, text: str) -> bool:
        """Return whether it is the environment's name."""
        return text.strip() == self._expected


def restore_question(state: RunState, now: datetime) -> DialogQuestion:
    """Bring the database back to the backup that this run took."""
    run = NewRun(
        Request(kind="restore", ref=state.run, yes=True), "opening the restore of the database", f"deploy restore {state.environment} --run {state.run}"
    )
    return DialogQuestion(RestoreByName(state, now), lambda _, __: run)
