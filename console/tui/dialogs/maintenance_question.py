"""Maintenance mode by key: the state is read, the explicit verb is asked for, and the same key again switches it. It never toggles blindly.

Owns the dialog and what its answer does. Who was first where two switch it at once is the engine's to say: it is told what was seen here.
"""

import asyncio
from collections.abc import Callable

from console.as_typed import as_typed
from console.errors import ConsoleError, in_one_line
from console.model.maintenance_mode import MaintenanceSeen, MaintenanceVerb
from console.tui.dialogs.dialog import Choice, Dialog, TypingDialog
from console.tui.screen_shell import Say, Shell
from console.tui.widgets.line_view import LineView
from console.views.maintenance_summary import equivalent_words, length_words, odd_places, place_words, question_words, seen_lines, since_words, verb_for
from console.views.styled_text import Line, Span, line

ENDS = (0.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0)
"""Seconds after which it may end by itself; 0: it does not."""
ROWS = 4
"""Places that are named."""
READ_WITHIN, SWITCH_WITHIN = 40.0, 600.0
"""Seconds."""


class MessageDialog(TypingDialog):
    """Asks for the words that users are told while the maintenance page is shown."""

    enter_words = "take it"
    prompt = "what users are told"

    def __init__(self) -> None:
        super().__init__("Message to users", (line("The maintenance commands have it as DEPLOY_MESSAGE."),))


class MaintenanceDialog(Dialog):
    """Answers `on` or `off`, by the same key that opened it where the state is clear. The age of what was read goes on while it is open."""

    def __init__(self, environment: str, seen: MaintenanceSeen, now: Callable[[], str]) -> None:
        super().__init__(f"Maintenance of {environment}", ())
        self._seen, self._now = seen, now
        self.verb: MaintenanceVerb | None = verb_for(seen)
        self.message, self._end = "", 0

    @property
    def seconds(self) -> float:
        """How long it stays on; 0: until it is switched off."""
        return ENDS[self._end]

    def on_mount(self) -> None:
        """Draw it anew each second: it says how old what it asks about is."""
        self.set_interval(1.0, self._draw)

    def fill(self) -> None:
        """Say what was read, and what the keys do."""
        self._word()
        super().fill()

    def _word(self) -> None:
        seen, verb = self._seen, self.verb
        self.choices = _choices(verb)
        head = question_words(verb, seen, self._now()) if verb else seen_lines(seen)[0]
        rows: list[Line] = [line(Span(head, "strong"))]
        if seen.kept and seen.state != "off" and verb:
            rows.append(line(since_words(seen.kept, seen.at)))
        rows += [line(Span(place_words(place), "warn")) for place in odd_places(seen)[:ROWS]]
        if verb != "off":
            rows += [line("message: ", self.message or Span("none", "dim")), line("end: ", length_words(self.seconds))]
        self.body = tuple(rows)

    def _draw(self) -> None:
        self._word()
        for view in self.query("#dialog-body").results(LineView):
            view.draw(lambda width, _h: self._body(width))
            self.fit()

    def press(self, key: str) -> bool:
        """Write the message, choose the end, or answer."""
        if key == "w" and self.verb != "off":
            self.app.push_screen(MessageDialog(), self._told)
        elif key == "e" and self.verb != "off":
            self._end = (self._end + 1) % len(ENDS)
            self._draw()
        else:
            return super().press(key)
        return True

    def _told(self, message: str | None) -> None:
        self.message = message or self.message
        self._draw()


def _choices(verb: MaintenanceVerb | None) -> tuple[Choice, ...]:
    words = (Choice("w", "message", ""), Choice("e", "end", ""))
    if verb is None:
        return (Choice("o", "ON", "on"), Choice("f", "OFF", "off"), *words)
    return (Choice("m", verb.upper(), verb), *(words if verb == "on" else ()))


class MaintenanceQuestion:
    """Reads, asks and switches for one page. `is_free`: whether the question may come there now, which takes the keys."""

    def __init__(self, shell: Shell, say: Say, is_free: Callable[[], bool]) -> None:
        self._shell, self._say, self._is_free = shell, say, is_free

    def ask(self) -> None:
        """Read the state beside the screen, and ask once it is there."""
        if "maintenance" not in self._shell.reading:
            self._shell.reading.add("maintenance")
            self._say("reading what every host and balancer shows …")
            self._shell.keep(self._ask())

    async def _ask(self) -> None:
        client = self._shell.client
        if client is None:
            return
        try:
            async with asyncio.timeout(READ_WITHIN):
                seen = await client.maintenance()
        except (ConsoleError, TimeoutError) as fault:
            self._say(in_one_line(fault) if isinstance(fault, ConsoleError) else "the hosts did not answer in time", "bad")
            return
        finally:
            self._shell.reading.discard("maintenance")
        if not self._is_free():
            self._shell.say(f"maintenance was read: {seen.state}; m asks about it", "warn")
            return
        self._say("")
        dialog = MaintenanceDialog(client.environment, seen, self._now)
        dialog.come_unasked()

        def answered(verb: str | None) -> None:
            if verb in ("on", "off"):
                switching = self._switch("on" if verb == "on" else "off", dialog.message, dialog.seconds, seen)
                self._shell.when_awake(client.environment, lambda: self._shell.keep(switching))

        self._shell.push(dialog, answered)

    def _now(self) -> str:
        return self._shell.clock.now().isoformat(timespec="seconds").replace("+00:00", "Z")

    async def _switch(self, verb: MaintenanceVerb, message: str, seconds: float, seen: MaintenanceSeen) -> None:
        client = self._shell.client
        if client is None:
            return
        self._say(f"switching maintenance {verb} …")
        message, seconds = (message, seconds) if verb == "on" else ("", 0.0)
        try:
            async with asyncio.timeout(SWITCH_WITHIN):
                found, problems = await client.switch_maintenance(verb, message, seconds, seen.mark)
        except (ConsoleError, TimeoutError) as fault:
            self._say(in_one_line(fault) if isinstance(fault, ConsoleError) else "not known whether it was switched: press m again", "bad")
            return
        typed = as_typed(equivalent_words(client.environment, verb, message, seconds))
        good = found.state == verb and not problems
        words = f"; same as: {typed}" if good else f": {'; '.join(problems)}"
        self._say(f"maintenance is {found.state}{words}", "good" if good else "bad")
