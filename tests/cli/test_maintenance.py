"""`deploy maintenance` as it is typed: the state is read from the hosts, the verb is explicit, what missed it is named, and its end comes by itself."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.core.words.moments import moment_words
from tests.cli.product import Product, until
from tests.receiver import Receiver

ON = """maintenance_on = "printf '%s|%s' \\"$DEPLOY_MESSAGE\\" \\"$DEPLOY_UNTIL\\" > {shared}/maintenance; test ! -e {shared}/broken"\n"""
OFF = 'maintenance_off = "test ! -e {shared}/broken && rm -f {shared}/maintenance"\n'


@pytest.fixture(scope="module")
def shop() -> Iterator[Product]:
    started = Product(3)
    path = Path(started.config)
    path.write_text(path.read_text().replace("[app.commands]\n", f"[app.commands]\n{ON}{OFF}"))
    yield started
    started.close()


def maintenance(shop: Product, *words: str, code: int = 0) -> dict:
    return shop.result("-c", shop.config, "maintenance", *words, code=code)


def folder(shop: Product, number: int) -> Path:
    return Path(shop.ready["hosts"][number]["path"]) / "shared"


def pages(shop: Product) -> list[str | None]:
    found = [folder(shop, number) / "maintenance" for number in range(3)]
    return [page.read_text() if page.exists() else None for page in found]


def status(shop: Product) -> dict:
    return json.loads(shop.deploy("-c", shop.config, "status", "--json")[0])


def test_on_is_read_back_shown_everywhere_and_taken_away_again(shop: Product):
    assert maintenance(shop)["maintenance"] == "off"
    assert "--yes" in shop.deploy("-c", shop.config, "maintenance", "on", code=2)[1]
    assert pages(shop) == [None] * 3
    heard = shop.deploy("-c", shop.config, "maintenance", "production", "on", "--yes", "--message", "It's an upgrade", "--for", "1h", "--json")[0]
    *events, done = (json.loads(line) for line in heard.splitlines())
    recorded = [json.loads(line) for line in shop.deploy("events", done["run"])[0].splitlines()]
    assert (events, done["type"], {"run-opened", "step-finished", "maintenance-changed", "run-ended"} <= {event["type"] for event in events}) == (
        recorded,
        "result",
        True,
    )
    assert (done["maintenance"], {row["maintenance"] for row in done["hosts"]}, done["message"]) == ("on", {"on"}, "It's an upgrade")
    assert pages(shop) == [f"It's an upgrade|{done['until']}"] * 3
    assert status(shop)["maintenance"] == "on"
    for words in (("-c", shop.config, "status"), ("status", "--motd"), ("-c", shop.config, "maintenance")):
        assert f"since {moment_words(done['since'])}" in shop.deploy(*words)[0]
    out, err = shop.deploy("-c", shop.config, "maintenance", "toggle", "--yes")
    assert ("maintenance-off: done" in out, out.splitlines()[-1]) == (True, "production: maintenance is off (3 hosts)")
    assert ("maintenance is off" in out, "before: maintenance is on" in err, "same as: deploy maintenance production off --yes" in err) == (True, True, True)
    assert (pages(shop), status(shop)["maintenance"]) == ([None] * 3, "off")
    assert shop.deploy("status", "--motd")[0] == ""


def test_a_host_whose_command_fails_makes_it_mixed_and_is_named_with_what_mends_it(shop: Product):
    (folder(shop, 1) / "broken").touch()
    mixed = maintenance(shop, "on", "--yes", code=5)
    assert mixed["maintenance"] == "mixed"
    (problem,) = mixed["problems"]
    assert problem["message"].startswith("web02: maintenance_on ended with exit code 1")
    assert problem["hint"].startswith("deploy maintenance production on")
    assert maintenance(shop, code=5)["maintenance"] == "mixed"
    assert "could mean either" in maintenance(shop, "toggle", "--yes", code=5)["problems"][0]["message"]
    (folder(shop, 1) / "broken").unlink()
    assert maintenance(shop, "on", "--yes")["maintenance"] == "on"
    assert maintenance(shop, "off", "--yes")["maintenance"] == "off"


def test_it_ends_by_itself_and_says_so_also_when_its_engine_was_killed(shop: Product):
    receiver, path = Receiver(), Path(shop.config)
    before = path.read_text()
    try:
        path.write_text(before + f'\n[environments.production.notify]\nto = ["{receiver.address}"]\n')
        began = time.monotonic()
        maintenance(shop, "on", "--yes", "--for", "8s")
        os.kill(shop.engine(), signal.SIGKILL)
        assert maintenance(shop)["maintenance"] == "on" or time.monotonic() - began > 8
        end = time.monotonic() + 300
        while any(pages(shop)) or not receiver.messages:
            assert time.monotonic() < end, "it never ended, or nobody was told"
            time.sleep(0.2)
    finally:
        path.write_text(before)
        receiver.close()
    assert [message["title"] for message in receiver.messages] == ["maintenance of production of shop has ended: its time is over"]
    rows = json.loads(shop.deploy("history", "--json")[0])
    assert (rows[0]["by"], rows[0]["outcome"]) == ("the engine", "succeeded")


def test_of_two_at_once_one_wins_and_the_other_is_told(shop: Product):
    both = [
        shop.start("-c", shop.config, "maintenance", verb, "--yes", "--json", *more)
        for verb, more in (("on", ("--message", "one")), ("on", ("--message", "two")))
    ]
    results = [json.loads(each.communicate(timeout=300)[0].splitlines()[-1]) for each in both]
    assert [result["maintenance"] for result in results] == ["on", "on"]
    written = set(pages(shop))
    assert written in ({"one|"}, {"two|"}), "both were written"
    told = [problem["message"] for result in results for problem in result["problems"]]
    late = [result for result in results if result["run"] is None]
    assert len(late) == len(told), (results, told)
    assert all("was first: maintenance of production is on" in words for words in told)
    maintenance(shop, "off", "--yes")


def test_it_works_beside_a_release_and_a_persons_lock(shop: Product):
    shop.deploy("-c", shop.config, "lock", "production", "--reason", "audit")
    assert maintenance(shop, "on", "--yes")["maintenance"] == "on"
    maintenance(shop, "off", "--yes")
    shop.deploy("-c", shop.config, "unlock", "production", "--reason", "over", "--yes")
    viewer = shop.start("-c", shop.config, "production", "--version", "v1.5.1", "--yes", "--json")
    until(viewer.stdout, '"type":"step-started","step":"wave-1/web01/restart"')
    shop.deploy("pause")
    assert maintenance(shop, "on", "--yes")["maintenance"] == "on"
    assert maintenance(shop, "off", "--yes")["maintenance"] == "off"
    run = json.loads(shop.deploy("-c", shop.config, "status", "--json")[0])["run"]
    shop.deploy("abort", run)
    out, _ = viewer.communicate(timeout=300)
    changes = [json.loads(line) for line in out.splitlines() if '"type":"maintenance-changed"' in line]
    assert [bool(change["now"]) for change in changes] == [True, False]


def test_what_makes_no_sense_is_refused_before_anything_is_contacted(shop: Product):
    assert "that is over at once" in shop.deploy("-c", shop.config, "maintenance", "on", "--for", "0s", "--yes", code=2)[1]
    assert "has no meaning with off" in shop.deploy("-c", shop.config, "maintenance", "off", "--message", "x", "--yes", code=2)[1]
    assert "not a verb" in shop.deploy("-c", shop.config, "maintenance", "production", "up", code=2)[1]
    bare = Path(shop.config).with_name("bare.toml")
    bare.write_text(Path(shop.config).read_text().replace(ON, "").replace(OFF, ""))
    refused = shop.result("-c", str(bare), "maintenance", code=2)["problems"][0]
    assert "maintenance_on" in refused["hint"], refused
