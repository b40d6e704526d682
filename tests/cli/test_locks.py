"""`deploy lock` for a time, and `deploy unlock --run`: a dead run's lock is broken, a living one's never."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.product import Product, until

SLOW = "v1.5.1"


@pytest.fixture
def product() -> Iterator[Product]:
    started = Product(2)
    yield started
    started.close()


def locks(product: Product) -> list[Path]:
    return [found for host in product.ready["hosts"] for found in Path(host["path"], ".deploy", "lock").glob("*.*")]


def interrupted(product: Product) -> str:
    """A run in the middle of its first host, with its engine and its console killed."""
    viewer = product.start("-c", product.config, "production", "--version", SLOW, "--yes", "--json")
    lines = until(viewer.stdout, '"type":"step-started","step":"wave-1/web01/restart"')
    engine = product.engine()
    viewer.kill()
    os.kill(engine, signal.SIGKILL)
    viewer.communicate()
    return str(json.loads(lines[0])["run"])


def test_a_note_closes_until_its_time_is_over(product: Product):
    assert "that is over at once" in product.deploy("lock", "production", "--reason", "audit", "--for", "0s", code=2)[1]
    closed = product.result("-c", product.config, "lock", "production", "--reason", "audit", "--for", "1h")
    assert closed["until"].endswith("Z")
    held = json.loads(product.deploy("-c", product.config, "status", "--json")[0])["locked_by"]
    assert (held["reason"], held["until"]) == ("audit", closed["until"])
    product.result("-c", product.config, "check", "--version", "v1.4.2", code=6)
    product.result("-c", product.config, "lock", "production", "--reason", "audit", "--for", "1s")
    time.sleep(2)
    product.result("-c", product.config, "check", "--version", "v1.4.2")
    assert json.loads(product.deploy("-c", product.config, "status", "--json")[0])["locked_by"] is None
    said = product.deploy("-c", product.config, "unlock", "production", "--reason", "over", "--yes")
    assert said[0].strip() == "production is open: no note closed it"
    assert "same as: deploy unlock production --reason over --yes" in said[1]


def test_a_living_runs_lock_is_not_broken_and_a_dead_ones_is(product: Product):
    viewer = product.start("-c", product.config, "production", "--version", SLOW, "--yes", "--json")
    run = json.loads(until(viewer.stdout, '"type":"step-started","step":"wave-1/web01/restart"')[0])["run"]
    product.deploy("pause")
    refused = product.result("unlock", "production", "--run", run, "--reason", "stuck", "--yes", code=6)
    assert refused["problems"][0]["hint"].startswith(f"deploy abort {run}")
    no_note = product.result("unlock", "production", "--reason", "stuck", "--yes", code=3)["problems"][0]
    assert (f"run {run} of" in no_note["message"], no_note["hint"].startswith(f"deploy abort {run}")) == (True, True)
    engine = product.engine()
    viewer.kill()
    os.kill(engine, signal.SIGKILL)
    viewer.communicate()
    assert len(locks(product)) == 2
    no_note = product.result("unlock", "production", "--reason", "stuck", "--yes", code=3)["problems"][0]
    assert no_note["hint"].startswith(f"deploy unlock production --run {run} --reason TEXT")
    assert len(locks(product)) == 2
    assert "--yes" in product.deploy("unlock", "production", "--run", run, "--reason", "stuck", code=2)[1]
    broken = product.result("unlock", "production", "--run", run, "--reason", "stuck", "--yes")
    assert (broken["run"], broken["broken"]) == (run, ["web01", "web02"])
    assert locks(product) == []
    ended = product.result("attach", run, code=5)
    assert "its lock was broken by" in ended["problems"][0]["message"]
    again = product.result("-c", product.config, "production", "--version", "v1.4.2", "--override", "direction=v1.5.1 stands still", "--yes")
    assert again["outcome"] == "succeeded"


def test_from_another_machine_only_a_silent_run_is_dead(product: Product, tmp_path: Path):
    run = interrupted(product)
    product.environ["DEPLOY_STATE"] = str(tmp_path / "state")
    words = ("-c", product.config, "unlock", "production", "--run", run, "--reason", "its machine is gone", "--yes")
    young = product.result(*words, code=6)
    assert "heard from it" in young["problems"][0]["message"]
    assert len(locks(product)) == 2
    for lock in locks(product):
        (lock / "heartbeat").write_text(f"{int(time.time()) - 61}\n")
    assert product.result(*words[:5], run[:-4] + "0000", *words[6:], code=2)["problems"]
    assert product.result(*words)["broken"] == ["web01", "web02"]
    assert locks(product) == []
    assert "neither in the record nor on a host" in product.result(*words, code=2)["problems"][0]["message"]
    product.deploy("engine", "stop")
