"""A release that is prepared by keys, on an environment in memory."""

import asyncio
from dataclasses import dataclass, field

import pytest

from console.errors import NoGo
from console.model import events as ev
from console.model.checks import Check
from console.model.declared_impact import Impact
from console.model.events import AnyEvent
from console.model.request import Request
from console.model.values import changed
from console.safe_text import SafeText
from console.tui.app import ConsoleApp
from console.tui.dialogs.dialog import Dialog, TextDialog
from console.tui.dialogs.go_dialog import GoByName, go_dialog
from console.tui.home.home_screen import HomeScreen
from console.tui.prepare.prepare_screen import PrepareScreen
from console.tui.run.run_screen import RunScreen
from console.tui.widgets.checklist_panels import ChecksPanel, PlanPanel
from console.tui.widgets.line_view import LineView
from console.tui.widgets.picker import Picker
from console.views.styled_text import width as cells
from tests.core.simulation import ADA
from tests.tui.scripted import ScriptedFeed, an_app
from tests.tui.scripted_environment import ScriptedEnvironment, a_summary, eventually

PANELS = {1: "versions", 2: "form", 3: "checks", 4: "plan"}


@dataclass
class HeldStation(ScriptedEnvironment):
    """Answers about a version only when a test lets it."""

    held: dict[str, asyncio.Event] = field(default_factory=dict)

    async def preview(self, request: Request) -> tuple[AnyEvent, ...]:
        found = await super().preview(request)
        if request.ref in self.held:
            await self.held[request.ref].wait()
        release = next(event for event in found if isinstance(event, ev.RevisionResolved)).release
        return tuple(
            ev.RevisionResolved(revision=event.revision, release=type(release)(release.id, SafeText(request.ref), release.commit), live=event.live)
            if isinstance(event, ev.RevisionResolved) else event
            for event in found
        )  # fmt: skip


def preparing(client: ScriptedEnvironment, **more: object) -> ConsoleApp:
    return an_app(None, client=client, **more)


def requests(client: ScriptedEnvironment) -> list[Request]:
    return [one for one in client.asked if isinstance(one, Request)]


def head(pilot) -> str:
    return "\n".join(one.shown for one in pilot.app.screen.query("#headline").results(LineView))


def message(pilot) -> str:
    return pilot.app.screen.query_one("#message", LineView).shown


def form(pilot) -> Picker:
    return pilot.app.screen.query_one("#form", Picker)


async def prepared(pilot, words: str = "GO is open") -> PrepareScreen:
    """Open the screen and wait until the first question is answered."""
    await eventually(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))
    await pilot.press("d")
    await eventually(pilot, lambda: isinstance(pilot.app.screen, PrepareScreen) and words in head(pilot))
    return pilot.app.screen


async def in_form(pilot, row: int) -> None:
    """Go to that row of the form."""
    await pilot.press("2", "2")
    await eventually(pilot, lambda: form(pilot).has_focus)
    form(pilot).choose(row)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50), (60, 20), (20, 4)])
async def test_it_opens_on_the_suggested_version_and_says_that_go_is_open(size):
    client = ScriptedEnvironment(suggested="v1.1.0")
    async with preparing(client).run_test(size=size) as pilot:
        screen = await prepared(pilot)
        assert str(screen.chosen.ref) == "v1.1.0"
        assert "PRODUCTION" in head(pilot)
        assert "v1.1.0" in head(pilot)
        assert requests(client) == [Request(ref="v1.1.0")]
        assert "\x1b]52" not in pilot.app.export_screenshot()


async def test_without_a_suggestion_the_newest_that_is_not_live_is_offered_and_what_is_older_says_so():
    async with preparing(ScriptedEnvironment()).run_test(size=(120, 36)) as pilot:
        screen = await prepared(pilot)
        assert str(screen.chosen.ref) == "v1.2.0"
        rows = screen.query_one("#versions", Picker).shown.split("\n")
        assert "live on 3" in rows[2]


async def test_a_choice_that_rests_is_asked_about_and_one_that_is_passed_over_is_not():
    client = ScriptedEnvironment()
    async with preparing(client).run_test(size=(80, 24)) as pilot:
        screen = await prepared(pilot)
        screen.query_one("#versions", Picker).choose(1)
        await pilot.pause(0)
        screen.query_one("#versions", Picker).choose(3)
        await eventually(pilot, lambda: "asks the hosts" in head(pilot))
        await eventually(pilot, lambda: "GO is open" in head(pilot))
        assert [one.ref for one in requests(client)] == ["v1.2.0", "ddddddd"]


async def test_the_answer_of_an_older_question_is_dropped():
    client = HeldStation(held={"v1.1.0": asyncio.Event()})
    async with preparing(client).run_test(size=(120, 36)) as pilot:
        screen = await prepared(pilot)
        await pilot.press("down")
        await eventually(pilot, lambda: requests(client)[-1].ref == "v1.1.0")
        assert "asking about v1.1.0" in str(screen.query_one(ChecksPanel).border_title)
        await pilot.press("g")
        await eventually(pilot, lambda: "GO is closed: the checks of v1.1.0 are being made" in message(pilot))
        await pilot.press("end")
        await eventually(pilot, lambda: screen.preview.answer.state.release.version == "ddddddd")
        client.held["v1.1.0"].set()
        await pilot.pause(0.2)
        assert screen.preview.answer.state.release.version == "ddddddd"
        assert [type(one) for one in client.asked].count(Request) == 3


async def test_slash_filters_and_escape_clears_it():
    async with preparing(ScriptedEnvironment()).run_test(size=(80, 24)) as pilot:
        screen = await prepared(pilot)
        await pilot.press("slash", *"ada")
        await eventually(pilot, lambda: len(screen.query_one("#versions", Picker).shown.split("\n")) == 2)
        await pilot.press("down", "enter")
        await eventually(pilot, lambda: not screen.typing())
        assert str(screen.chosen.ref) == "v1.0.0"
        await pilot.press("escape")
        await eventually(pilot, lambda: len(screen.query_one("#versions", Picker).shown.split("\n")) == 4)
        assert str(screen.chosen.ref) == "v1.0.0"
        await pilot.press("escape")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))


async def test_letters_in_the_line_are_letters():
    client = ScriptedEnvironment()
    async with preparing(client).run_test(size=(80, 24)) as pilot:
        screen = await prepared(pilot)
        await pilot.press("slash", *"gqrd1")
        await eventually(pilot, lambda: screen.field.filter.source == "gqrd1")
        assert pilot.app.screen is screen
        assert "no version is chosen" in head(pilot)


async def test_g_opens_the_run_and_go_is_asked_for_by_itself():
    client = ScriptedEnvironment(suggested="v1.1.0")
    async with preparing(client).run_test(size=(120, 36)) as pilot:
        await prepared(pilot)
        await pilot.press("g")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, GoByName))
        assert requests(client)[-1] == Request(ref="v1.1.0")
        assert len(requests(client)) == 2
        assert not any(isinstance(one, PrepareScreen) for one in pilot.app.screen_stack)
        await pilot.press("escape")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        assert "same as: deploy production --version v1.1.0" in message(pilot)
        assert "q no-go, home" in head(pilot)
        assert pilot.app.screen.query_one("#footer", LineView).shown.rstrip().endswith("q no-go, home")
        await pilot.press("q")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))


async def test_enter_goes_on_to_the_form_and_opens_the_run_on_its_last_line():
    client = ScriptedEnvironment()
    async with preparing(client).run_test(size=(80, 24)) as pilot:
        await prepared(pilot)
        await pilot.press("enter")
        await eventually(pilot, lambda: form(pilot).has_focus)
        await pilot.press("end", "enter")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, GoByName))


async def test_what_blocks_closes_go_and_is_named():
    client = ScriptedEnvironment(feed=ScriptedFeed(blocked=True))
    async with preparing(client).run_test(size=(80, 24)) as pilot:
        await prepared(pilot, "no-go: Room blocks")
        await pilot.press("g")
        await eventually(pilot, lambda: "GO is closed: Room blocks" in message(pilot))
        await in_form(pilot, 99)
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert isinstance(pilot.app.screen, PrepareScreen)
        assert len(requests(client)) == 1


async def test_a_check_that_may_be_overridden_is_overridden_with_a_reason():
    client = ScriptedEnvironment(feed=ScriptedFeed(blocked=True))
    async with preparing(client).run_test(size=(80, 24)) as pilot:
        screen = await prepared(pilot, "no-go")
        await in_form(pilot, 4)
        await pilot.press("enter")
        await eventually(pilot, screen.typing)
        await pilot.press("enter")
        await eventually(pilot, lambda: "a reason is missing; expected: CHECK=REASON" in message(pilot))
        assert screen.typing()
        await pilot.press(*"small", "enter")
        await eventually(pilot, lambda: requests(client)[-1].overrides == (("space", "small"),))
        assert "space=small" in form(pilot).shown


async def test_o_asks_for_a_reason_for_each_check_that_has_none_and_what_is_never_overridden_says_so():
    feed = ScriptedFeed(blocked=True)
    feed.record(
        ev.CheckReported(check=Check("soft launch", SafeText("soft launch"), "waiting", kind="manual")),
        ev.CheckReported(check=Check("reach", SafeText("Hosts reachable"), "failed", detail=SafeText("web03"), remedy=SafeText("leave it out"))),
    )
    client = ScriptedEnvironment(feed=feed)
    async with preparing(client).run_test(size=(80, 24)) as pilot:
        screen = await prepared(pilot, "no-go")
        for words, reasons in (("small; known", 1), ("agreed", 2)):
            await pilot.press("o")
            await eventually(pilot, screen.typing)
            await pilot.press(*words)
            await pilot.pause(0.05)
            await pilot.press("enter")
            await eventually(pilot, lambda reasons=reasons: len(screen.preview.request.overrides) == reasons and not screen.preview.answer.asking)
        assert screen.preview.request.overrides == (("space", "small; known"), ("soft launch", "agreed"))
        await pilot.press("o")
        await eventually(pilot, lambda: "Hosts reachable: web03: never overridden; leave it out" in message(pilot))
        assert not screen.typing()


async def test_every_answer_of_the_form_goes_into_the_request():
    client = ScriptedEnvironment()
    async with preparing(client).run_test(size=(120, 36)) as pilot:
        screen = await prepared(pilot)
        typed = {1: "web0*", 2: "web03=disk", 3: "login", 6: "10m"}
        for row, words in typed.items():
            await in_form(pilot, row)
            await pilot.press("enter", *words, "enter")
            await eventually(pilot, lambda words=words: not screen.typing() and words in form(pilot).shown)
        for row, keys in {5: ["space"], 7: ["right", "right"], 8: ["left"], 9: ["enter"], 0: ["space", "space"]}.items():
            await in_form(pilot, row)
            await pilot.press(*keys)
        await eventually(pilot, lambda: "GO is open" in head(pilot))
        await pilot.press("g")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, Dialog))
        said = requests(client)[-1]
        assert (said.hosts, said.without, said.hotfix, said.strategy) == ("web0*", (("web03", "disk"),), "login", "canary")
        impact = said.impact
        assert (impact.migration, impact.downtime, impact.breaking, impact.risk, impact.old_code, impact.notes) == ("yes", 600.0, "no", "high", "ok", "")


async def test_an_answer_is_asked_about():
    client = ScriptedEnvironment()
    async with preparing(client).run_test(size=(80, 24)) as pilot:
        await prepared(pilot)
        await in_form(pilot, 8)
        await pilot.press("space")
        await eventually(pilot, lambda: len(requests(client)) == 2)
        assert requests(client)[-1].impact.risk == "low"
        await eventually(pilot, lambda: "GO is open" in head(pilot))


async def test_new_migration_files_answer_the_question_until_somebody_does():
    client = ScriptedEnvironment()
    client.feed.record(ev.ChangesListed(subjects=(), migrations=(SafeText("db/migrations/0042.sql"),)))
    async with preparing(client).run_test(size=(80, 24)) as pilot:
        screen = await prepared(pilot)
        assert screen.preview.request.impact.migration == "yes"
        await in_form(pilot, 5)
        await pilot.press("space")
        await eventually(pilot, lambda: screen.preview.request.impact.migration == "no")
        await eventually(pilot, lambda: "GO is open" in head(pilot))
        assert screen.preview.request.impact.migration == "no"


async def test_bad_input_is_refused_at_the_field_and_escape_leaves_it_as_it_was():
    async with preparing(ScriptedEnvironment()).run_test(size=(80, 24)) as pilot:
        screen = await prepared(pilot)
        await in_form(pilot, 6)
        await pilot.press("enter", *"soon", "enter")
        await eventually(pilot, lambda: "soon: not a duration; expected: none, 90s, 10m or 1h" in message(pilot))
        await pilot.press("escape")
        await eventually(pilot, lambda: not screen.typing())
        assert screen.preview.request.impact.downtime is None


async def test_what_cannot_be_asked_says_what_to_type():
    client = ScriptedEnvironment()
    async with preparing(client).run_test(size=(80, 24)) as pilot:
        screen = await prepared(pilot)
        client.blocked = NoGo("the repository is gone", "git remote -v")
        await pilot.press("down")
        await eventually(pilot, lambda: "no-go: the repository is gone; git remote -v" in head(pilot))
        assert "git remote -v" in screen.query_one(ChecksPanel).shown
        client.blocked = None
        await pilot.press("u")
        await eventually(pilot, lambda: "GO is open" in head(pilot))


@pytest.mark.parametrize("size", [(80, 24), (20, 4)])
async def test_tab_and_numbers_reach_every_panel(size):
    async with preparing(ScriptedEnvironment()).run_test(size=size) as pilot:
        screen = await prepared(pilot)
        for name in ("form", "checks", "plan", "versions", "form"):
            await pilot.press("tab")
            await eventually(pilot, lambda name=name: screen.query_one(f"#{name}").has_focus)
        await pilot.press("shift+tab")
        await eventually(pilot, lambda: screen.query_one("#versions").has_focus)
        for number, name in PANELS.items():
            await pilot.press(str(number))
            await eventually(pilot, lambda name=name: screen.query_one(f"#{name}").has_focus and screen.query_one(f"#{name}").size.height > 0)
            others = [other for other in PANELS.values() if other != name]
            await eventually(pilot, lambda others=others: not any(screen.query_one(f"#{other}").size.height for other in others))
        await pilot.press("escape")
        await eventually(pilot, lambda: size == (20, 4) or screen.query_one("#form").size.height > 0)


async def test_enter_on_checks_and_plan_shows_all_of_them():
    async with preparing(ScriptedEnvironment()).run_test(size=(80, 24)) as pilot:
        screen = await prepared(pilot)
        for number, words in ((3, "Room"), (4, "wave 1")):
            await pilot.press(str(number))
            await eventually(pilot, lambda number=number: screen.query_one(f"#{PANELS[number]}").has_focus)
            await pilot.press("enter")
            await eventually(pilot, lambda: isinstance(pilot.app.screen, TextDialog))
            await eventually(pilot, lambda words=words: words in pilot.app.screen.shown)
            await pilot.press("escape")
            await eventually(pilot, lambda: pilot.app.screen is screen)
        assert "rolling" in screen.query_one(PlanPanel).shown


async def test_on_the_smallest_screen_a_version_is_chosen_and_go_is_said():
    client = ScriptedEnvironment()
    async with preparing(client).run_test(size=(20, 4)) as pilot:
        await prepared(pilot)
        await pilot.press("down")
        await eventually(pilot, lambda: requests(client)[-1].ref == "v1.1.0")
        await eventually(pilot, lambda: "GO is open" in head(pilot))
        await pilot.press("g")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, GoByName))


async def test_a_refused_opening_leaves_the_form_as_it_was_and_may_be_tried_again():
    client = ScriptedEnvironment()

    async def refuse(request: Request) -> ScriptedFeed:
        raise NoGo("locked by lin", "deploy status")

    opens, client.open = client.open, refuse
    async with preparing(client).run_test(size=(80, 24)) as pilot:
        await prepared(pilot)
        await pilot.press("g")
        await eventually(pilot, lambda: "locked by lin; deploy status" in message(pilot))
        client.open = opens
        await pilot.press("g")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, GoByName))


async def test_ctrl_r_rolls_the_last_release_back_from_here_too():
    done = ScriptedFeed()
    done.record(ev.Decided(go=True, by=ADA), ev.LocksTaken(epoch=1))
    done.go_on("")
    run = done.run.state.run
    client = ScriptedEnvironment(runs=(a_summary(run),), records={run: tuple(done.run.events)})
    async with preparing(client).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: isinstance(pilot.app.screen, HomeScreen) and pilot.app.screen.rest.last.changed)
        await prepared(pilot)
        for opening in ("r", "ctrl+r"):
            await pilot.press(opening)
            await eventually(pilot, lambda: isinstance(pilot.app.screen, Dialog))
            await pilot.press("escape")
            await eventually(pilot, lambda: isinstance(pilot.app.screen, PrepareScreen))
        await pilot.press("r")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, Dialog))
        await pilot.press("r")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        assert (run, "at-once") in client.asked


async def test_d_after_a_run_has_ended_prepares_the_next_and_q_comes_back():
    feed = ScriptedFeed()
    feed.record(ev.CheckReported(check=Check("late", SafeText("Late"), "passed")), ev.Decided(go=True, by=ADA), ev.LocksTaken(epoch=1))
    feed.go_on("")
    client = ScriptedEnvironment(suggested="v1.2.0")
    async with an_app(feed, client=client).run_test(size=(80, 24)) as pilot:
        await eventually(pilot, lambda: isinstance(pilot.app.screen, RunScreen) and pilot.app.screen.state.phase == "ended")
        await pilot.press("d")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, PrepareScreen) and "GO is open" in head(pilot))
        await pilot.press("q")
        await eventually(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        assert pilot.app.is_running


async def test_the_last_question_says_what_goes_where_what_is_left_out_what_was_declared_and_who_asked():
    request = Request(ref="v1.2.0", without=(("web09", "disk"),), impact=Impact(migration="yes", risk="high"))
    late = Check("branch", SafeText("Branch"), "overridden", detail=SafeText("main (overridden: late)"))
    request = changed(request, overrides=(("branch", "late"),))
    state = changed(ScriptedFeed(protected=False).run.state, request=request, checks=(late,))
    for width in (20, 42, 78):
        body = go_dialog(state, width).body
        assert max(cells(one) for one in body) <= width
        said = " ".join(" ".join("".join(span.text for span in one).split()) for one in body)
        for words in ("3 hosts of production", "one at a time", "every host has a way back", "left out web09: disk", "migration yes, risk high"):
            assert words in said
        assert "asked for by ada" in said
        assert "overridden Branch: late; found: main" in said


def test_the_last_question_reads_a_lock_to_its_end_and_every_reason_of_many():
    lock = SafeText("1 new: db/a.sql; " + "a lock on orders: 73 MiB, " * 8 + "1 open transaction holds locks on it")
    warned = changed(ScriptedFeed(protected=False).run.state, checks=(Check("migrations", SafeText("Migrations"), "warning", detail=lock),))
    said = " ".join("".join(span.text for span in one).strip() for one in go_dialog(warned, 67).body)
    assert "1 open transaction holds locks on it" in " ".join(said.split())
    names = ("closed", "staging", "backup", "way-back", "announcement")
    checks = tuple(Check(name, SafeText(name), "overridden", detail=SafeText(f"{'found ' * 40}(overridden: why {name})")) for name in names)
    many = changed(warned, checks=checks, request=Request(overrides=tuple((name, f"why {name}") for name in names)))
    body = go_dialog(many, 67).body
    assert len(body) <= 16
    said = " ".join("".join(span.text for span in one).strip() for one in body)
    assert all(f"{name}: why {name}" in said for name in names)
