"""Releases that are a version alone, on real sshd: brought by `fetch`, confirmed by `has`, taken back by the version that was live."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.model.request import Request
from tests.engine.test_real_runs import Product, opened_on
from tests.fleet import Fleet

pytestmark = pytest.mark.real
RESTART = 'restart = { run = "bin/restart", timeout = "15s" }'
COMMANDS = """fetch = "mkdir -p {shared}/images; echo {commit} > {shared}/images/{version}"
has = "test -s {shared}/images/{version}"
restart = "cat {shared}/images/{version} > {shared}/runs; echo {version} {commit} > {shared}/running"
"""
HEALTH = """[[environments.production.health]]
name = "runs"
kind = "command"
command = "grep -q . {shared}/runs && ! grep -q v1.2.0 {shared}/running"
interval = "100ms"
passes = 1
deadline = "10s"
"""


def without_files(fleet: Fleet, repository: Path) -> Path:
    """Write the hosts.toml of an application whose image store is a folder."""
    file = fleet.hosts_toml(repository, app_extra='ship = "none"', health=False, extra=HEALTH, batch="3")
    text = file.read_text()
    assert RESTART in text
    file.write_text(text.replace(RESTART, COMMANDS))
    return file


@pytest.fixture
async def images(own_fleet: Fleet, shop_repository: Path, tmp_path: Path) -> AsyncIterator[Product]:
    async with opened_on(own_fleet, without_files(own_fleet, shop_repository), tmp_path) as opened:
        yield opened


def running(images: Product) -> set[str]:
    """What the hosts run: version and commit."""
    return {images.fleet.exec_in(name, "cat /srv/shop/shared/running").strip() for name in images.fleet.names}


async def test_a_version_is_fetched_and_a_failing_one_is_taken_back_by_the_version_before(images: Product):
    first = await images.run(Request(ref="v1.0.0", yes=True))
    assert (first.exit, first.outcome) == (0, "succeeded"), (first.reason, first.checks)
    assert {check.id for check in first.checks} & {"content"} == set()
    before = running(images)
    assert before == {f"v1.0.0 {first.release.commit}"}
    failing = await images.run(Request(ref="v1.2.0", yes=True))
    assert (failing.exit, failing.outcome) == (4, "rolled-back")
    assert running(images) == before
    assert images.fleet.exec_in("web01", "ls -A /srv/shop/current").split() == [".deploy-linked", ".deploy-listing", ".deploy-manifest", "RELEASE", "log"]


async def test_a_rollback_of_its_own_runs_the_commands_with_the_version_that_it_goes_to(images: Product):
    first = await images.run(Request(ref="v1.0.0", yes=True))
    assert (await images.run(Request(ref="v1.1.0", yes=True))).exit == 0
    assert "images/v1.0.0" in images.fleet.exec_in("web01", "cat /srv/shop/.deploy/rollback")
    back = await images.run(Request(kind="rollback", yes=True))
    assert (back.exit, back.outcome) == (0, "rolled-back"), back.reason
    assert running(images) == {f"v1.0.0 {first.release.commit}"}


async def test_a_version_that_a_host_no_longer_has_is_no_way_back(images: Product):
    await images.run(Request(ref="v1.0.0", yes=True))
    assert (await images.run(Request(ref="v1.1.0", yes=True))).exit == 0
    images.fleet.exec_in("web02", "rm /srv/shop/shared/images/v1.0.0")
    back = await images.run(Request(kind="rollback", yes=True))
    told = next(check for check in back.checks if check.id == "way-back")
    assert (back.exit, "v1.0.0 is not on web02 any more" in told.detail) == (5, True), (back.exit, told)
    assert {name: host.condition for name, host in back.hosts.items()} == {"web01": "back", "web02": "old", "web03": "back"}


async def test_what_fetch_did_not_bring_changes_no_host(images: Product):
    await images.run(Request(ref="v1.0.0", yes=True))
    before = running(images)
    images.fleet.exec_in("web03", "ln -s /dev/null /srv/shop/shared/images/v1.1.0")
    state = await images.run(Request(ref="v1.1.0", yes=True))
    assert (state.exit, running(images)) == (4, before), (state.exit, state.outcome, state.reason)
    assert "no host was changed" in state.reason
