"""Prepare: a version is chosen, the form is filled in, and beside them stands what a run would find and do. GO opens the run.

Asks the station for a pre-flight each time the choice rests or a field changes; it judges nothing, and changes nothing on a host.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from console.core.evolve import fold
from console.errors import ConsoleError, Problem, in_one_line
from console.model.board import Board, Candidate
from console.model.fleet import Host
from console.model.request import Request
from console.model.state import RunState
from console.model.values import changed
from console.ports.feed import Feed
from console.ports.station import Station
from console.tui import keys
from console.tui.screens.announcement import Announcing
from console.tui.screens.dialog import Words
from console.tui.screens.filling import Filling
from console.tui.screens.page import Page
from console.tui.screens.versions import Versions
from console.tui.widgets.checklist import Checks, PlanPanel
from console.tui.widgets.filter_line import FilterLine
from console.tui.widgets.lines import LineView
from console.tui.widgets.picker import Picker
from console.views.announcement import notes_row
from console.views.checklist import check_lines
from console.views.form import FIELDS, Seen, to_override, turned, why_none
from console.views.prepare import (
    Answer,
    answers_between,
    field_row,
    go_row,
    prefilled,
    prepare_lines,
    problem_lines,
    twin,
    why_closed,
)
from console.views.spans import Line, Span, Tone, line
from console.views.timeline import plan_lines, way_back_lines

REST = 0.4
"""Seconds that a choice stays before the hosts are asked about it."""
PANELS = {1: "versions", 2: "form", 3: "checks", 4: "plan"}


class PrepareScreen(Page):
    """A release that is being prepared."""

    AUTO_FOCUS = "#versions"
    place = "prepare"

    def __init__(self, station: Station) -> None:
        super().__init__()
        self.station = station
        self.board: Board | None = None
        self.request = Request()
        self._said: frozenset[str] = frozenset()
        """Answers of the impact that a person has given."""
        self.answer = Answer()
        self.filling = Filling(self)
        self.versions = Versions(self)
        self.announcing = Announcing(self)
        self._alone = 0
        self._tiny = False
        self._opening = False
        self._asking: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        yield LineView(id="headline")
        with Horizontal(id="columns"):
            with Vertical(id="left"):
                yield Picker("reading the versions …", id="versions", classes="panel")
                yield Picker(id="form", classes="panel")
            with Vertical(id="right"):
                yield Checks(id="checks", classes="panel")
                yield PlanPanel(id="plan", classes="panel")
        yield FilterLine(id="filter")
        yield from self.compose_edges()

    def on_mount(self) -> None:
        """Read what there is to choose from."""
        checks, plan = self.query_one(Checks), self.query_one(PlanPanel)
        checks.number, plan.number, checks.all_by = 3, 4, "3, enter: all"
        checks.can_focus = plan.can_focus = True
        self.versions.picker.marked = True
        self._form.entitle(line("2 Release"))
        self.lay_out()
        self.read()

    def on_unmount(self) -> None:
        """Ask no more."""
        for task in (self._asking, self._reading):
            if task is not None:
                task.cancel()
        self.announcing.stop()
        self.versions.stop()

    @property
    def _form(self) -> Picker:
        return self.query_one("#form", Picker)

    # -- what is asked ------------------------------------------------------------------------------------------------------------

    def read(self) -> None:
        """Read the hosts and the versions, and ask about the chosen one again."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        before = self.chosen
        try:
            self.board = await self.station.board()
            await self.versions.read(self.board)
        except ConsoleError as fault:
            self.answer = Answer(problem=Problem(fault.message, fault.hint), asking=False)
            self.say(f"not read: {in_one_line(fault)}", "bad")
            self.show()
            return
        self._show_kept(str(before.ref) if before else "")
        self._ask(now=True)

    def _show_kept(self, ref: str) -> None:
        self.versions.keep(self.filling.filter, ref)
        self.show()

    @property
    def chosen(self) -> Candidate | None:
        """The version that is chosen."""
        return self.versions.chosen

    @property
    def seen(self) -> Seen:
        """What a field's value is judged by."""
        hosts = tuple(Host(host.host, tags=host.tags) for host in self.board.hosts) if self.board else ()
        state = self.answer.state
        return Seen(hosts, state.checks, tuple(host.name for host in state.hosts.values() if host.condition == "unreachable"))

    def _ask(self, *, now: bool = False) -> None:
        """Ask about what is chosen now once it rests; an older question's answer is not waited for."""
        if self._asking is not None:
            self._asking.cancel()
        chosen = self.chosen
        ref = str(chosen.ref) if chosen else ""
        self.request = changed(self.request, ref=ref, impact=changed(self.request.impact, notes=self.announcing.notes_for(ref)))
        self.answer = Answer(self.answer.state, asking=chosen is not None)
        self._asking = asyncio.create_task(self._asked(self.request, 0.0 if now else REST)) if chosen else None
        self.show()

    async def _asked(self, request: Request, rest: float) -> None:
        await asyncio.sleep(rest)
        try:
            self.answer = Answer(fold(await self.station.preview(request)), asking=False)
            self.request = prefilled(self.request, self.answer.state, self._said)
            self.versions.learn(self.answer.state)
        except ConsoleError as fault:
            self.answer = Answer(problem=Problem(fault.message, fault.hint), asking=False)
        self.show()

    def tick(self) -> None:
        """Ask CI about versions that have come into sight."""
        if self.is_mounted and self.query("#versions"):
            self.versions.look()

    # -- what is shown ------------------------------------------------------------------------------------------------------------

    def lay_out(self) -> None:
        """Choose the arrangement for the size: four panels, or one alone."""
        super().lay_out()
        self._tiny = self.has_class("tiny")
        self.call_after_refresh(self.show)

    def shape(self) -> dict[str, bool]:
        """Say which panel stands alone, too."""
        size = super().shape()
        alone = self._alone or (1 if size["tiny"] else 0)
        return size | {"alone": alone > 0, "protected": self.station.protected} | {f"alone-{number}": alone == number for number in PANELS}

    def show(self) -> None:
        """Give every widget its part; each repaints only what differs."""
        if not self.is_mounted or not self.query("#footer"):
            return
        self.versions.draw()
        self._form.draw(self._form_rows)
        self._show_answer()
        self.announcing.show()
        self.query_one("#headline", LineView).draw(self._head)
        self.show_edges()

    def _head(self, width: int, _: int) -> tuple[Line, ...]:
        station = self.station
        first, second = prepare_lines(station.app, station.environment, station.protected, self.board, self.chosen, self.answer, width)
        return (first, self._message) if self._tiny and self._message else (first, second)

    def _form_rows(self, width: int) -> tuple[Line, ...]:
        fields = (field_row(field, self.request, self.seen, width, self.answer.state) for field in FIELDS)
        notes = notes_row(self.answer.state, self.request, width, asking=self.answer.asking)
        return (*fields, notes, go_row(self.answer, self.chosen, width))

    def _show_answer(self) -> None:
        checks, plan, answer = self.query_one(Checks), self.query_one(PlanPanel), self.answer
        problem = answer.problem
        if problem:
            checks.entitle(line("3 Checks  not made"))
            checks.draw(lambda width, _: problem_lines(problem, width))
            plan.show_run(RunState())
            return
        checks.show_run(answer.state)
        plan.show_run(answer.state)
        if answer.asking and self.chosen:
            checks.entitle(line(Span(f"3 Checks  asking about {self.chosen.ref} …", "busy")))
            plan.entitle(line(Span("4 Plan and way back  asking …", "busy")))

    @property
    def situation(self) -> keys.Situation:
        """What is on the screen now."""
        closed = "this console only looks on" if self.app.read_only else "the run is being opened" if self._opening else why_closed(self.answer, self.chosen)
        below = self.app.rollback_page
        before = below.situation if below else keys.Situation(RunState(), read_only=self.app.read_only, has_station=True)
        return replace(before, host="", zoomed=0, place="prepare", closed=closed)

    def rest_line(self) -> Line:
        """Say what a press of GO would type."""
        return line(" ") if self.situation.closed else line(Span(f" same as: {twin(self.station.environment, self.request)}", "dim"))

    # -- what is done -------------------------------------------------------------------------------------------------------------

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return what each action does here."""
        panels = {f"panel-{number}": lambda number=number: self.show_alone(number) for number in PANELS}
        return panels | {
            "open-run": self.go, "fill": self.open_focused, "change": lambda: self.turn(1), "change-back": lambda: self.turn(-1),
            "panel-next": lambda: self.go_on(1), "panel-before": lambda: self.go_on(-1), "filter": self.open_filter, "unzoom": self.back,
            "refresh": self.read, "roll-back": self.ask_rollback, "announcement": self.announcing.open, "override": self.override,
        }  # fmt: skip

    def typing(self) -> bool:
        """Return whether the line has the keys."""
        return self.filling.typing

    def press(self, key: str) -> bool:
        """Act on a key; False when it is not in the registry, or goes into the line."""
        return self.filling.press(key) if self.filling.typing else super().press(key)

    def say(self, words: str, tone: Tone = "plain") -> None:
        """Put a sentence on the message line; on the smallest screens in the place of the second line."""
        super().say(words, tone)
        self.show()

    def unsay(self) -> None:
        """Clear the message line."""
        super().unsay()
        self.show()

    def on_filter_line_typed(self, event: FilterLine.Typed) -> None:
        """Filter as it is typed."""
        self.filling.typed(event.words)

    def on_picker_moved(self, event: Picker.Moved) -> None:
        """Another version was chosen."""
        if event.picker is self.versions.picker and self.chosen and self.request.ref != str(self.chosen.ref):
            self.unsay()
            self._ask()

    def filtered(self) -> None:
        """Show the versions that the filter keeps."""
        before = self.chosen
        self._show_kept(str(before.ref) if before else self.request.ref)
        if (str(self.chosen.ref) if self.chosen else "") != self.request.ref:
            self._ask()

    def move(self, rows: int) -> None:
        """Choose a version so many rows on."""
        self.versions.picker.choose(self.versions.picker.index + rows)

    def fill_in(self, request: Request) -> None:
        """Take what was said in the form, and ask again where that may change what is found."""
        before, self.request = self.request, request
        self._said |= answers_between(before.impact, request.impact)
        if changed(before, impact=changed(before.impact, notes=request.impact.notes)) == request:
            self.show()
        else:
            self._ask()

    @property
    def _panel(self) -> int:
        return next((number for number, name in PANELS.items() if self.focused is self.query_one(f"#{name}")), 1)

    def focus_on(self, number: int) -> None:
        """Give a panel the keys; alone on the screen where another one was."""
        if self._alone or self._tiny:
            self._alone = 0 if self._tiny and number == 1 else number
            self.lay_out()
        panel: Widget = self.query_one(f"#{PANELS[number]}")
        panel.focus()

    def go_on(self, step: int) -> None:
        """Go to the next panel."""
        self.focus_on((self._panel - 1 + step) % len(PANELS) + 1)

    def show_alone(self, number: int) -> None:
        """Bring a panel to the whole screen, or back."""
        self._alone = 0 if self._alone == number else number
        self.lay_out()
        self.query_one(f"#{PANELS[number]}").focus()

    def open_filter(self) -> None:
        """Type what the versions are to hold."""
        self.focus_on(1)
        self.filling.open_filter()

    def back(self) -> None:
        """Clear the filter; else go back to all panels; else leave."""
        if self.filling.clear():
            return
        if self._alone:
            self._alone = 0
            self.lay_out()
        else:
            self.app.leave()

    def open_focused(self) -> None:
        """Open what has the keys: from a version on to the form, a field, GO, all checks, the whole plan."""
        panel = self._panel
        if panel == 1:
            self.focus_on(2)
        elif panel == 2:
            self._open_row()
        elif panel == 3:
            self._open_words("Checks", lambda width: check_lines(self.answer.state, width, 1000))
        else:
            state = self.answer.state
            self._open_words("Plan and way back", lambda width: (*plan_lines(state, width), line(" "), *way_back_lines(state, width)))

    def _open_words(self, title: str, lines: Callable[[int], tuple[Line, ...]]) -> None:
        problem = self.answer.problem
        self.app.push_screen(Words(title, problem_lines(problem, 1000) if problem else lines))

    def _open_row(self) -> None:
        if self._form.index > len(FIELDS):
            self._press_go()
        elif self._form.index == len(FIELDS):
            self.announcing.open()
        elif FIELDS[self._form.index].choices:
            self.turn(1)
        elif not self.app.read_only:
            self.filling.open_field(FIELDS[self._form.index])

    def _press_go(self) -> None:
        if self.situation.closed:
            self.say(f"GO is closed: {self.situation.closed}", "warn")
        else:
            self.go()

    def override(self) -> None:
        """Type the reason to go on in spite of what is in the way: of the first check that has none yet."""
        if to_override(self.request, self.seen):
            self.focus_on(2)
            row = next(place for place, field in enumerate(FIELDS) if field.id == "overrides")
            self._form.choose(row)
            self.filling.open_field(FIELDS[row])
        else:
            self.say(why_none(self.seen), "warn")

    def turn(self, step: int) -> None:
        """Turn the form's chosen line to its next answer."""
        row = self._form.index
        if self._panel != 2 or row >= len(FIELDS) or not FIELDS[row].choices:
            return
        found = turned(FIELDS[row], self.request, step)
        if isinstance(found, Problem):
            self.say(found.message, "warn")
        else:
            self.unsay()
            self.fill_in(found)

    def go(self) -> None:
        """Open the run; it asks for GO by itself when its own pre-flight is made."""
        self._opening = True
        words = twin(self.station.environment, self.request)
        self.app.open_run(self._opened(self.request), f"opening the release of {self.request.ref}", asks=True, twin=words)
        self.show()

    async def _opened(self, request: Request) -> Feed:
        try:
            return await self.station.open(request)
        finally:
            self._opening = False
            self.show()

    def ask_rollback(self) -> None:
        """Ask about the release that is live, where it is known."""
        below = self.app.rollback_page
        if below is not None:
            below.ask_rollback()
