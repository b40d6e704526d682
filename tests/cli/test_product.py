"""The command line on a fleet: releases, ways back, consoles and engines that die, questions on a terminal, folders without a file."""

import json
import os
import signal
from collections.abc import Iterator

import pytest

from tests.cli.product import Product, until

GOOD, BAD, SLOW = "v1.4.2", "v1.5.0", "v1.5.1"


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    started = Product(2)
    yield started
    started.close()


@pytest.fixture
def old(product: Product) -> Product:
    """The fleet on its first release, with nothing going on."""
    if product.live() != {"v1.4.1"}:
        product.deploy("rollback", "--yes")
    return product


def release(product: Product, version: str, *more: str) -> tuple[str, ...]:
    return ("-c", product.config, "production", "--version", version, "--yes", *more)


def test_the_demo_begins_with_hosts_that_are_verified(product: Product):
    rows = product.result("-c", product.config, "status", "production")["hosts"]
    assert [row["healthy"] for row in rows] == [True] * len(rows)


def test_a_release_and_the_way_back_without_a_file(old: Product):
    result = old.result(*release(old, GOOD))
    assert (result["outcome"], {host["state"] for host in result["hosts"]}) == ("succeeded", {"new"})
    assert old.live() == {GOOD}
    assert old.result("attach", "last")["run"] == result["run"]
    assert old.result("rollback", "--yes")["outcome"] == "rolled-back"
    again = old.result("rollback", "--yes", code=3)
    assert "already back on" in again["problems"][0]["message"]
    rows = json.loads(old.deploy("history", "--json")[0])
    assert [row["outcome"] for row in rows[:3]] == ["no-go", "rolled-back", "succeeded"]


def test_a_failing_release_ends_with_every_host_on_the_old_one(old: Product):
    out, err = old.deploy(*release(old, BAD), code=4)
    assert "production v1.5.0: rolled back after" in out
    assert "same as: deploy production --version v1.5.0 --yes" in err
    assert old.live() == {"v1.4.1"}


def test_a_console_that_is_killed_changes_nothing(old: Product):
    viewer = old.start(*release(old, GOOD, "--json"))
    until(viewer.stdout, "web01/switch")
    viewer.kill()
    viewer.communicate()
    assert old.result("attach")["outcome"] == "succeeded"


def test_a_hangup_after_go_detaches(old: Product):
    viewer = old.start(*release(old, GOOD, "--json"))
    until(viewer.stdout, '"type":"step-finished","step":"wave-1/web01/switch"')
    viewer.send_signal(signal.SIGHUP)
    out, err = viewer.communicate(timeout=300)
    assert viewer.returncode == 7
    assert json.loads(out.splitlines()[-1])["outcome"] == "detached"
    assert "deploy attach" in err
    assert old.result("attach")["exit"] == 0


def test_a_console_brings_up_a_new_engine_and_no_step_runs_twice(old: Product):
    viewer = old.start(*release(old, GOOD, "--json"))
    lines = until(viewer.stdout, '"type":"step-started","step":"wave-1/web01/restart"')
    os.kill(old.engine(), signal.SIGKILL)
    out, _ = viewer.communicate(timeout=300)
    assert viewer.returncode == 0
    events = [json.loads(line) for line in lines + out.splitlines()][:-1]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert "taken-up" in {event["type"] for event in events}
    starts = [(event["step"], event["attempt"]) for event in events if event["type"] == "step-finished"]
    assert len(starts) == len(set(starts))


def test_a_run_without_an_engine_is_shown_and_resumed(old: Product):
    viewer = old.start(*release(old, GOOD, "--json"))
    until(viewer.stdout, '"type":"step-started","step":"wave-1/web01/restart"')
    engine = old.engine()
    viewer.kill()
    os.kill(engine, signal.SIGKILL)
    viewer.communicate()
    found = old.result("attach", code=9)
    assert (found["outcome"], found["problems"][0]["hint"].startswith(f"deploy resume {found['run']}")) == ("paused", True)
    assert "deploy resume" in old.deploy("pause", code=3)[1]
    assert old.result("resume", "--yes")["outcome"] == "succeeded"


def test_the_runs_verbs_and_the_rollback_of_the_run_that_goes_on(old: Product):
    viewer = old.start(*release(old, SLOW, "--json"))
    until(viewer.stdout, '"type":"step-started","step":"wave-1/web01/restart"')
    _, err = old.deploy("note", "watch the cache")
    assert "same as: deploy note 'watch the cache' " in err
    assert "refused" in old.deploy("continue", code=3)[1]
    assert "web09 is no host" in old.deploy("skip", "web09", code=3)[1]
    assert old.result("rollback", "--yes")["exit"] == 0
    viewer.communicate(timeout=300)
    assert viewer.returncode == 4


def test_one_host_goes_back_alone_while_the_run_goes_on_with_the_other(old: Product):
    viewer = old.start(*release(old, SLOW, "--json"))
    until(viewer.stdout, '"type":"step-started","step":"wave-2/web02/restart"')
    assert "web09" in old.deploy("rollback", "--hosts", "web09", "--yes", code=2)[1]
    _, err = old.deploy("rollback", "--hosts", "web01", "--yes")
    assert "same as: deploy rollback production --hosts web01 --yes" in err
    viewer.communicate(timeout=300)
    assert viewer.returncode == 8
    rows = json.loads(old.deploy("-c", old.config, "status", "--json")[0])["hosts"]
    assert {row["host"]: row["version"] for row in rows} == {"web01": "v1.4.1", "web02": SLOW}


def test_a_closed_environment_lets_a_rollback_through_but_no_release(old: Product):
    old.deploy("lock", "production", "--reason", "audit")
    result = old.result(*release(old, GOOD), code=6)
    assert "audit" in result["problems"][0]["message"]
    assert "locked by" in old.deploy("status")[0]
    old.deploy("unlock", "--reason", "done", "--yes")
    assert "locked by" not in old.deploy("status")[0]


def test_check_shows_the_plan_and_opens_no_run(old: Product):
    before = old.deploy("history", "--json")[0]
    found = old.result("-c", old.config, "check", "--version", GOOD)
    assert (found["decision"], found["version"], found["rollback"]["possible"]) == ("go", GOOD, True)
    assert old.deploy("history", "--json")[0] == before


def test_the_typed_name_on_a_terminal_without_a_screen(old: Product):
    words = ("-c", old.config, "production", "--version", GOOD, "--plain")
    wrong = old.terminal(*words)
    wrong.wait_for("type production for GO")
    wrong.type("prod\n")
    assert wrong.end() == 3
    right = old.terminal(*words)
    right.wait_for("type production for GO")
    right.type("production\n")
    right.wait_for("same as: deploy production --version v1.4.2 --yes")
    assert right.end() == 0


def test_ctrl_c_before_go_ends_the_run(old: Product):
    terminal = old.terminal("-c", old.config, "production", "--version", GOOD, "--plain")
    terminal.wait_for("type production for GO")
    terminal.type("\x03")
    assert terminal.end() == 130
    assert json.loads(old.deploy("history", "--json")[0])[0]["outcome"] == "interrupted"


def test_an_unanswered_question_before_go_is_a_no_go(old: Product):
    terminal = old.terminal("-c", old.config, "production", "--version", GOOD, "--plain", "--wait-for-person", "1s")
    assert terminal.end() == 3


def test_the_screen_opens_at_a_terminal_and_ends_with_the_runs_code(old: Product):
    terminal = old.terminal(*release(old, GOOD))
    terminal.wait_for("\x1b[?1049h")
    terminal.wait_for("RELEASED")
    terminal.type("q")
    assert terminal.end() == 0
    assert "released after" in terminal.seen.rsplit("\x1b[?1049l", 1)[-1]


def test_engines_are_listed_and_stopped(old: Product):
    old.deploy("status")
    assert old.engine() > 0
    assert old.result("engine", "stop")["engines"][0]["stopped"]
    assert old.result("engine", "list")["engines"] == []
