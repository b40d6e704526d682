"""`deploy status --motd`: one line for what is open, none else, and nothing is contacted or made for it."""

import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.product import Product, until

MOTD = ("status", "--motd")


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    started = Product(6)
    yield started
    started.close()


def test_nothing_is_said_and_nothing_made_where_nothing_is_known(product: Product, tmp_path: Path):
    there = product.environ["DEPLOY_STATE"]
    product.environ["DEPLOY_STATE"] = str(tmp_path / "none")
    try:
        assert product.deploy(*MOTD) == ("", "")
        assert not (tmp_path / "none").exists()
    finally:
        product.environ["DEPLOY_STATE"] = there


def test_a_record_that_this_console_cannot_read_is_not_passed_over(product: Product, tmp_path: Path):
    (tmp_path / "newer").mkdir(mode=0o700)
    there = product.environ["DEPLOY_STATE"]
    product.environ["DEPLOY_STATE"] = str(tmp_path / "newer")
    with closing(sqlite3.connect(tmp_path / "newer" / "journal.sqlite3")) as connection:
        connection.execute("pragma user_version = 9999")
    try:
        assert "what is open is not known" in product.deploy(*MOTD)[0]
    finally:
        product.environ["DEPLOY_STATE"] = there


def test_what_is_open_is_one_line(product: Product):
    product.result("-c", product.config, "production", "--version", "v1.4.2", "--yes", "--without", "web02=broken", code=8)
    assert product.deploy(*MOTD)[0].startswith("deploy: production of shop: web02 is owed: deploy status production")
    product.deploy("forgive", "web02", "--reason", "sold", "--yes")
    assert product.deploy(*MOTD)[0] == ""

    product.deploy("lock", "production", "--reason", "audit", "--for", "1h")
    assert " until 20" in product.deploy(*MOTD)[0]
    product.deploy("unlock", "production", "--reason", "done", "--yes")
    assert product.deploy(*MOTD, "production")[0] == ""

    viewer = product.start("-c", product.config, "production", "--version", "v1.5.1", "--yes", "--json")
    until(viewer.stdout, '"type":"step-started","step":"wave-1/web01/restart"')
    assert "goes on: deploy attach 20" in product.deploy(*MOTD)[0]
    product.deploy("pause")
    assert "waits for a person: deploy attach 20" in product.deploy(*MOTD)[0]
    engine = product.engine()
    os.kill(engine, signal.SIGSTOP)
    hung = [product.start(*words) for words in (MOTD, ("abort",), ("attach",), ("engine", "stop"))]
    said, aborted, joined, stopped = [(one.communicate(timeout=300), one.returncode) for one in hung]
    os.kill(engine, signal.SIGCONT)
    assert "is open, and its engine does not answer: deploy engine list" in said[0][0]
    for (_, words), code in (aborted, joined, stopped):
        assert (code, f"(process {engine}) is there, and has not answered within" in words) == (1, True), words
    assert "waits for a person: deploy attach 20" in product.deploy(*MOTD)[0]
    viewer.kill()
    os.kill(engine, signal.SIGKILL)
    viewer.communicate()
    began = time.monotonic()
    said = product.deploy(*MOTD)[0]
    assert "was interrupted: deploy resume 20" in said
    assert len(said.splitlines()) == 1
    assert time.monotonic() - began < 30
    assert product.result("engine", "list")["engines"] == [], "no engine was started for it"
