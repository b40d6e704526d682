"""From GO on no fault of the console's own side is told as if nothing had been changed: never 1, and always the run and how it is gone on with."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.product import Product, until

SLOW = "v1.5.1"


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    made = Product()
    yield made
    made.close()


def shell(product: Product, redirection: str, version: str) -> "subprocess.CompletedProcess[str]":
    """Release with its output sent there, by a shell."""
    words = f"{sys.executable} -m console -c {product.config} production --version {version} --yes --plain {redirection}"
    return subprocess.run(["bash", "-c", words], check=False, env=product.environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize(("redirection", "code"), [(">/dev/full", 7), ("| head -n 3; exit ${PIPESTATUS[0]}", 7), (">&-", 0), (">/dev/full 2>&1", 7)])
def test_a_viewer_that_cannot_write_ends_as_a_viewer_and_the_run_goes_on(product: Product, redirection: str, code: int):
    ran = shell(product, redirection, "v1.4.2")
    assert (ran.returncode, "Traceback" in ran.stderr) == (code, False), ran.stderr
    ended = product.result("attach")
    assert (ended["exit"], ended["outcome"]) == (0, "succeeded")


def test_engines_that_are_killed_one_after_another_leave_the_run_and_the_way_on_with_it(product: Product):
    viewer = product.start("-c", product.config, "production", "--version", SLOW, "--yes", "--json")
    run = json.loads(until(viewer.stdout, '"type":"step-started","step":"wave-1/web01/restart"')[0])["run"]
    for _ in range(3):
        os.kill(product.engine(), signal.SIGKILL)
        while viewer.poll() is None and not product.result("engine", "list")["engines"]:
            pass
    out, said = viewer.communicate(timeout=300)
    result = json.loads(out.splitlines()[-1])
    assert (viewer.returncode, result["exit"], result["run"], "Traceback" in said) == (5, 5, run, False)
    assert f"deploy resume {run}" in result["problems"][0]["hint"]
    assert product.result("rollback", "production", "--yes")["outcome"] == "rolled-back"


def test_a_journal_that_is_taken_away_in_a_run_is_named_and_nothing_more_is_begun(product: Product):
    viewer = product.start("-c", product.config, "production", "--version", SLOW, "--yes", "--json")
    run = json.loads(until(viewer.stdout, '"type":"step-started","step":"wave-1/web01/restart"')[0])["run"]
    journal = Path(product.environ["DEPLOY_STATE"]) / "journal.sqlite3"
    journal.rename(journal.with_suffix(".aside"))
    out, said = viewer.communicate(timeout=300)
    result = json.loads(out.splitlines()[-1])
    assert (viewer.returncode, result["run"], "Traceback" in said) == (5, run, False)
    problem = result["problems"][0]
    assert "was removed or replaced" in problem["message"]
    assert f"deploy resume {run}" in problem["hint"]
    assert "has lost events" in product.deploy("history", code=1)[1]
    journal.with_suffix(".aside").rename(journal)
    assert product.result("-c", product.config, "resume", run, "--yes")["outcome"] == "succeeded"
