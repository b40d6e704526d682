"""Hosts that a release leaves out are owed what is live, until they are forgiven or released to."""

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


def owed(product: Product) -> list[tuple[str, str]]:
    return [(debt["host"], debt["reason"]) for debt in json.loads(product.deploy("status", "--json")[0])["owed"]]


def test_a_host_that_is_left_out_is_owed_until_it_is_forgiven(product: Product, tmp_path: Path):
    behind = product.result("-c", product.config, "production", "--version", "v1.4.2", "--yes", "--without", "web02=its disk is broken", code=8)
    assert {host["host"]: host["state"] for host in behind["hosts"]} == {"web01": "new", "web02": "owed"}
    assert behind["outcome"] == "succeeded"
    assert owed(product) == [("web02", "left out: its disk is broken")]
    assert "web02 is owed by" in product.deploy("status")[0]

    assert "--yes" in product.deploy("forgive", "web02", "--reason", "sold", code=2)[1]
    assert "nothing is owed to web01" in product.deploy("forgive", "web01", "--reason", "sold", "--yes", code=2)[1]
    (tmp_path / "hosts.toml").write_text('[app]\nname = "mail"\n')
    said = product.deploy("-c", str(tmp_path / "hosts.toml"), "forgive", "web02", "--reason", "sold", "--yes", code=2)[1]
    assert ("mail owes web02 nothing; other applications do: shop" in said, "--app shop forgive web02 --reason TEXT" in said) == (True, True)
    forgiven = product.result("forgive", "web02", "--reason", "sold", "--yes")
    assert (forgiven["runs"], forgiven["unlocked"]) == ([behind["run"]], True)
    assert owed(product) == []
    assert "nothing is owed to web02" in product.deploy("forgive", "web02", "--reason", "sold", "--yes", code=2)[1]

    again = product.result("attach", behind["run"], code=8)
    assert (again["outcome"], {host["state"] for host in again["hosts"]}) == ("succeeded", {"new", "skipped"})
    last = json.loads(product.deploy("events", behind["run"])[0].splitlines()[-1])
    assert (last["type"], last["host"], last["reason"]) == ("host-forgiven", "web02", "sold")


def test_the_next_release_to_it_pays_what_was_owed(product: Product):
    product.result("-c", product.config, "production", "--version", "v1.5.1", "--yes", "--without", "web02=its disk is broken", code=8)
    assert owed(product)
    product.result("-c", product.config, "production", "--version", "v1.5.1", "--yes")
    assert owed(product) == []


def test_undoing_a_release_leaves_alone_who_was_left_out_of_it(product: Product):
    product.deploy("rollback", "--yes")
    release = ("-c", product.config, "production", "--version", "v1.4.2", "--yes", "--override", "direction=a run to undo")
    product.result(*release, "--without", "web02=its disk is broken", code=8)
    assert product.result("rollback", "--yes")["exit"] == 0
