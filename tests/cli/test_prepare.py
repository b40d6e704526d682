"""A release that is prepared by keys at 80x24, on real hosts over real sshd: every no-go is gone on from with a typed reason, or says what to do."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.adapters.system_clock import SystemClock
from console.cli.command_access import environment_client
from console.cli.configuration import environment
from console.cli.invocation import Invocation
from console.tui.app import ConsoleApp
from console.tui.dialogs.dialog import TextDialog
from console.tui.dialogs.go_dialog import GoByName
from console.tui.home.home_screen import HomeScreen
from console.tui.prepare.prepare_screen import PrepareScreen
from console.tui.run.run_screen import RunScreen
from tests.cli.product import Product
from tests.receiver import Receiver
from tests.tui.scripted_environment import eventually

NO_GO = """
[[environments.production.freezes]]
from = 2020-01-01
to = 2099-12-31
reason = "always"

[[environments.production.checks]]
name = "ci one"
kind = "command"
command = "false {commit}"
"""
LONG = 60.0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def product(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Product]:
    started = Product(3)
    file = Path(started.config)
    text = file.read_text().replace("closed = []", 'closed = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]\nbranches = ["release/*"]\ntags = ["none-*"]', 1)
    away = next(host for host in started.ready["hosts"] if host["name"] == "web03")["address"]
    told = f'\n[environments.production.announce]\nto = ["{receiver.address}"]\n'
    file.write_text(text.replace(f'"{away}"', '"127.255.255.254"', 1) + NO_GO + told)
    monkeypatch.setenv("DEPLOY_STATE", started.ready["state"])
    yield started
    started.close()


async def test_every_no_go_is_overridden_or_says_what_to_do_and_what_was_written_is_what_is_sent(product: Product, receiver: Receiver):
    how = Invocation(file=product.config)
    client = environment_client(how, environment(how, "production"), ("v1.4.2",))
    app = ConsoleApp(None, SystemClock(), client=client)
    try:
        async with app.run_test(size=(80, 24)) as pilot:
            await eventually(pilot, lambda: isinstance(app.screen, HomeScreen) and app.screen.query("#footer"), LONG)
            await pilot.press("d")
            await eventually(
                pilot, lambda: isinstance(app.screen, PrepareScreen) and not app.screen.preview.answer.asking and app.screen.preview.answer.state.checks, LONG
            )
            screen = app.screen
            assert isinstance(screen, PrepareScreen)

            def blocking() -> set[str]:
                return {check.id for check in screen.preview.answer.state.checks if check.blocks}

            assert blocking() == {"ci one", "branch", "closed", "freeze", "reach"}
            await eventually(pilot, lambda: "! red" in screen.panels.versions.shown, LONG)
            for left in range(4, 0, -1):
                await pilot.press("o")
                await eventually(pilot, screen.typing)
                await pilot.press(*f"reason {left}; agreed")
                await pilot.pause(0.05)
                await pilot.press("enter")
                await eventually(pilot, lambda left=left: not screen.preview.answer.asking and len(blocking()) == left, LONG)
            assert blocking() == {"reach"}
            await pilot.press("o")
            await eventually(pilot, lambda: "never overridden" in " ".join(screen.query_one("#message").shown.split()))
            await pilot.press("2", "2", "home", "down", "down", "enter")
            await eventually(pilot, screen.typing)
            await pilot.press(*"dead")
            await pilot.pause(0.05)
            await pilot.press("enter")
            await eventually(pilot, lambda: not screen.preview.answer.asking and not blocking(), LONG)
            assert screen.preview.request.without == (("web03", "dead"),)

            await pilot.press("w")
            await eventually(pilot, lambda: isinstance(app.screen, TextDialog) and "json://" in app.screen.shown, LONG)
            assert "s3cret" not in app.screen.shown
            assert "reason 4; agreed" in " ".join(app.screen.shown.split())
            await pilot.press("e")
            await eventually(pilot, lambda: app.screen.query("#area"))
            await pilot.press("enter", *"by hand", "ctrl+o")
            await eventually(pilot, lambda: isinstance(app.screen, TextDialog) and app.screen.query("#dialog-words") and "by hand" in app.screen.shown)
            await pilot.press("escape")
            await eventually(pilot, lambda: app.screen is screen and not screen.situation.closed)
            await pilot.press("g")
            await eventually(pilot, lambda: isinstance(app.screen, GoByName), LONG)
            await pilot.press(*"production")
            await pilot.pause(0.05)
            await pilot.press("enter")
            await eventually(pilot, lambda: isinstance(app.screen, RunScreen) and app.screen.state.phase == "ended", LONG)
            run = app.screen.state
    finally:
        await client.close()
    assert (run.outcome, run.exit) == ("succeeded", 8)  # web03 is behind
    assert len(run.request.overrides) == 4
    sent = receiver.messages[0]["message"]
    assert "\nby hand\n" in sent
    assert "Overridden: freeze: reason" in sent
    told = product.result("report", run.run, "--format", "json")["announcements"][0]
    assert json.dumps(told["body"]) == json.dumps(sent)
