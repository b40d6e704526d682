"""`deploy pending` on a fleet with one version, with two, and up to an older one."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.product import Product


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    started = Product(2)
    yield started
    started.close()


def test_what_lies_between_what_is_live_and_a_ref(product: Product):
    with open(product.config, "a", encoding="utf-8") as file:
        file.write('[environments.production.database]\nkind = "command"\nmigrations = "**/*"\n')
    before = json.loads(product.deploy("-c", product.config, "pending", "--version", "v1.4.2", "--json")[0])
    assert [(row["version"], row["hosts"], row["known"]) for row in before["live"]] == [("v1.4.1", 2, True)]
    assert [each["subject"] for each in before["live"][0]["commits"]]
    assert before["live"][0]["authors"]
    out = product.deploy("-c", product.config, "pending", "--version", "v1.4.2")[0]
    assert "since v1.4.1 on 2 hosts: " in out
    assert "no new commits" in product.deploy("-c", product.config, "pending", "--version", "v1.4.1")[0]
    assert "unknown REF" in product.deploy("-c", product.config, "pending", "--version", "v9", code=2)[1]


def test_several_live_versions_are_said_and_going_back_too(product: Product):
    file = Path(product.config)
    file.write_text(file.read_text().partition("[environments.production.database]")[0])
    product.result("-c", product.config, "production", "--version", "v1.4.2", "--hosts", "web01", "--yes")
    out = product.deploy("-c", product.config, "pending", "--version", "v1.4.1")[0]
    assert "the fleet has 2 versions: " in out
    assert "since v1.4.2 on 1 host: no new commits; it goes back by " in out
    assert "since v1.4.1 on 1 host: no new commits\n" in out
