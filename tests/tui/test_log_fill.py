"""How often a log is filled: a page of new lines in each tick of a large one would be a flood to the terminal."""

from types import SimpleNamespace

import pytest

from console.model.state import RunState
from console.tui.app import ConsoleApp
from console.views.log_lines import LogLine
from tests.tui.scripted import ScriptedFeed, an_app
from tests.tui.scripted_environment import eventually


class Flooded(SimpleNamespace):
    """A follower that has a line at each tick."""

    def take_lines(self) -> tuple[LogLine, ...]:
        lines, self.lines = tuple(self.lines), []
        return lines

    @property
    def has_lines(self) -> bool:
        return bool(self.lines)


@pytest.mark.parametrize(("size", "fills"), [((80, 24), 20), ((200, 50), 3)])
async def test_a_log_of_any_size_sends_about_as_much_under_a_flood(size: tuple[int, int], fills: int):
    async with an_app(ScriptedFeed()).run_test(size=size) as pilot:
        assert isinstance(pilot.app, ConsoleApp)
        await eventually(pilot, lambda: pilot.app.run_screen and pilot.app.run_screen.is_mounted)
        await pilot.pause(0.3)
        page = pilot.app.run_screen
        assert page is not None
        follower = Flooded(lines=[], changed=False, begins_anew=False, state=RunState())
        filled = []
        for number in range(20):
            follower.lines.append(LogLine("2026-01-02T12:00:00Z", "web01", f"line {number}"))
            follower.changed = False
            filled.append(len(page.fill_log(follower)))  # type: ignore[arg-type]
            assert follower.changed == bool(follower.lines), "what waits is news at the next tick"
        assert (sum(map(bool, filled)), sum(filled) + len(follower.lines)) == (fills, 20)
        follower.lines.clear()
        page.fill_log(follower)  # type: ignore[arg-type]
        follower.lines.append(LogLine("2026-01-02T12:00:00Z", "web01", "after a rest"))
        assert len(page.fill_log(follower)) == 1, "one after a rest is there at once"  # type: ignore[arg-type]
