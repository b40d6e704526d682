"""Shows the announcement as it will be sent, and edits its notes or makes them from the commits again.

Notes belong to a version: each one keeps what was written for it. It sends nothing, and judges nothing.
"""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from console.core.words.announcement_words import made_notes
from console.errors import ConsoleError, Problem
from console.model.request import Request
from console.model.values import changed
from console.ports.environment_client import EnvironmentClient
from console.safe_text import TEXT_LIMIT, SafeLines
from console.tui.begun import begun
from console.tui.dialogs.dialog import Choice, TextDialog
from console.tui.dialogs.text_editor import TextEditor
from console.tui.screen_shell import Say, Shell
from console.views.announcement_preview import AnnouncementChannels, announcement_lines
from console.views.release_preparation import PreviewAnswer
from console.views.styled_text import Line


class Written(NamedTuple):
    """Notes that a person wrote for a version; `used`: they go out in the place of those made from the commits."""

    words: SafeLines
    used: bool = True


class Prepared(NamedTuple):
    """The release as it stands: what is asked for, and what is known of it."""

    request: Request
    answer: PreviewAnswer


class AnnouncementEditor:
    """The announcement of one screen's release. `prepared`: the release by now; `fill_in`: takes the request with other notes."""

    def __init__(self, shell: Shell, client: EnvironmentClient, say: Say, prepared: Callable[[], Prepared], fill_in: Callable[[Request], None]) -> None:
        self._shell, self._client, self._say, self._prepared, self._fill_in = shell, client, say, prepared, fill_in
        self._written: dict[str, Written] = {}
        self._channels = AnnouncementChannels()
        self._asking: asyncio.Task[None] | None = None
        self._reading: TextDialog | None = None

    @property
    def _ref(self) -> str:
        return self._prepared().request.ref

    def notes_for(self, ref: str) -> SafeLines:
        """Return what was written for that version; empty: its notes are made from the commits."""
        written = self._written.get(ref)
        return written.words if written and written.used else SafeLines("")

    def stop(self) -> None:
        """Wait no more for what the engine says to the announcement."""
        if self._asking is not None:
            self._asking.cancel()

    def open(self) -> None:
        """Show the announcement, and ask by which channels it goes."""
        if self._asking is None or (self._asking.done() and not self._channels.names):
            self._channels = AnnouncementChannels()
            self._asking = begun(self._ask(), self._say)
        self._reading = TextDialog(f"The announcement of {self._ref}", self._lines, self._choices())
        self._shell.push(self._reading, self._chosen)

    async def _ask(self) -> None:
        try:
            self._channels = AnnouncementChannels(await self._client.channels(), asking=False)
        except ConsoleError as fault:
            self._channels = AnnouncementChannels(problem=Problem(fault.message, fault.hint), asking=False)
        self.show()

    def show(self) -> None:
        """Show what has changed, where it is read."""
        if self._reading is not None:
            self._reading.show(self._lines)

    def _lines(self, cells: int) -> tuple[Line, ...]:
        request, answer = self._prepared()
        return announcement_lines(answer.state, request, self._channels, cells, known=not answer.asking)

    def _choices(self) -> tuple[Choice, ...]:
        if self._shell.read_only:
            return ()
        written = self._written.get(self._ref)
        back = () if written is None else (Choice("g", "notes made from the commits" if written.used else "the notes that were written", "turn"),)
        return (Choice("e", "edit its notes", "edit"), *back)

    def _chosen(self, what: str | None) -> None:
        if what == "edit":
            self._edit()
        elif what == "turn":
            ref = self._ref
            if written := self._written.get(ref):  # another version may be chosen by now: the list was read again
                self._use(ref, written._replace(used=not written.used))
            self.open()

    def _edit(self) -> None:
        request, answer = self._prepared()
        ref = request.ref
        before = self.notes_for(ref)
        if answer.asking and not before:
            self._say(f"the notes of {ref} are made from its commits, which are being read: w again in a moment", "warn")
            return
        made = SafeLines(made_notes(answer.state))

        def taken(words: SafeLines) -> str:
            if not words and made:
                return "the notes cannot be empty: esc, then g, makes them from the commits"
            if len(words) >= TEXT_LIMIT:
                return "longer than 64 KiB: shorten them, with a link to the rest"
            if words != (before or made):
                self._use(ref, Written(words) if words not in ("", made) else None)
            return ""

        self._shell.push(TextEditor(f"Notes of {ref}", before or made, taken), lambda _: self.open())

    def _use(self, ref: str, written: Written | None) -> None:
        request = self._prepared().request
        self._written.pop(ref, None)
        if written is not None:
            self._written[ref] = written
        self._fill_in(changed(request, impact=changed(request.impact, notes=self.notes_for(request.ref))))
