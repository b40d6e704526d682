"""Report and replay on a real run, from its journal."""

import json
from collections.abc import Iterator

import pytest

from tests.cli.product import Product


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    started = Product(2)
    started.deploy("-c", started.config, "production", "--version", "v1.5.0", "--yes", "--override", "space=enough", code=4)
    yield started
    started.close()


def test_a_report_of_a_release_that_went_back(product: Product):
    out, _ = product.deploy("report", "last")
    assert out.startswith("# ")
    assert "rolled back" in out.splitlines()[0]
    for words in ("## Decision", "Overruled space: enough", "## Failures", "## Timeline", "## Hosts", "web01", "exit 4"):
        assert words in out, words


def test_the_same_as_one_object(product: Product):
    found = product.result("report", "last")
    again = json.loads(product.deploy("report", "last", "--format", "json")[0])
    numbers, later = found.pop("metrics"), again.pop("metrics")
    assert found == again
    over = ("before", "on the new release")
    for metric, means in numbers["means"].items():  # ten minutes after a run are kept with it: only those may have changed
        assert {part: means[part] for part in over if part in means} == {part: later["means"][metric][part] for part in over if part in means}
    assert numbers["hosts"] == later["hosts"]
    assert (found["type"], found["exit"], found["run_exit"], found["outcome"]) == ("result", 0, 4, "rolled-back")
    assert found["decision"]["overrides"] == [{"check": "space", "reason": "enough"}]
    assert found["failures"]
    assert {host["state"] for host in found["hosts"]} == {"old"}


def test_the_draft_of_a_post_mortem_has_what_was_printed_and_leaves_its_meaning_to_people(product: Product):
    out, _ = product.deploy("report", "last")
    for words in ("## Post-mortem, a draft", "First signal", "## The numbers that decided", "## What was left to do", "## For people to answer"):
        assert words in out, words
    found = product.result("report", "last")
    assert found["taken_back"]["how"] == "automatic"
    assert [one["name"] for one in found["post_mortem"]["moments"]][-1] == "End"
    assert found["post_mortem"]["log"], "the log of the host that failed is on the disk"


def test_the_same_as_one_html_file(product: Product):
    out, _ = product.deploy("report", "last", "--format", "html")
    assert out.startswith("<!doctype html>")
    assert out.rstrip().endswith("</html>")
    for words in ("rolled back", "Log around the failure", "Hosts by step over time", "web01", "enough"):
        assert words in out, words


def test_what_is_not_there_is_refused(product: Product):
    assert "no run is called nothing" in product.deploy("report", "nothing", code=2)[1]
    assert "not a speed" in product.deploy("replay", "last", "--speed", "-1", code=2)[1]


def test_a_replay_prints_every_event(product: Product):
    events = [json.loads(one) for one in product.deploy("events", "last")[0].splitlines()]
    played = [json.loads(one) for one in product.deploy("replay", "last", "--json")[0].splitlines()]
    assert played[:-1] == events
    assert (played[-1]["type"], played[-1]["exit"], played[-1]["outcome"]) == ("result", 0, "rolled-back")
    lines = product.deploy("replay", "last", "--speed", "0")[0].splitlines()
    assert any("rolling back" in one for one in lines)
    assert "rolled back after" in "\n".join(lines)
    assert product.deploy("replay", "last", "--speed", "5000")[0].splitlines() == lines


def test_a_replay_on_a_terminal_is_wound_and_left_with_zero(product: Product):
    person = product.terminal("replay", "last")
    person.wait_for("REPLAY")
    person.type(" ")
    person.type("p")
    person.wait_for("this is a replay")
    person.type("q")
    assert person.end() == 0


def test_an_exec_has_a_report_with_its_command(product: Product):
    product.deploy("-c", product.config, "exec", "production", "--hosts", "web01", "--yes", "--", "false", code=5)
    out, _ = product.deploy("report", "last")
    assert "- Command: false" in out
    assert "exec on production, asked for by" in out
    assert "## Decision" not in out
