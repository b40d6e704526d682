"""Where hosts go back to, on real hosts: links as other tools write them, names that are not ours, trees that are damaged."""

import asyncio

import pytest

from console.cli.real_ports import open_outside
from console.config.load import load_file
from console.model.plan import ReturnTarget
from console.model.request import Request

pytestmark = pytest.mark.real

FORMS = ("releases/my release", "./releases/my release/", "/srv/shop/releases/my release/", "/srv/shop-blue")


async def adopted(scene, form: str) -> str:
    """Make the release that is live one that another tool made, linked in that form; how it is called by then."""
    live = (await scene.release("v1.0.0")).release.id
    folder = "/srv/shop-blue" if form.endswith("blue") else "/srv/shop/releases/my release"
    for host in scene.fleet.names:
        moved = f"mv /srv/shop/releases/{live} '{folder}' && rm '{folder}/.deploy-manifest' /srv/shop/.deploy/history"
        scene.fleet.exec_in(host, f"{moved} && cd /srv/shop && ln -sfn '{form}' current && chown -h deploytest current")
    return folder if form.endswith("blue") else "my release"


def links(scene) -> set[str]:
    return {scene.fleet.exec_in(host, "readlink /srv/shop/current").rstrip("\n") for host in scene.fleet.names}


async def by_hand(scene) -> str:
    """Go back on web01 as somebody who stands there does, once the run has let it go."""
    while scene.files("web01", ".deploy/lock"):
        await asyncio.sleep(0.1)
    return scene.fleet.exec_in("web01", "/srv/shop/.deploy/rollback", user="deploytest")


@pytest.mark.parametrize("form", FORMS)
async def test_what_another_tool_made_is_gone_back_to_as_it_was_linked(stage, form: str):
    async with stage(2) as scene:
        name = await adopted(scene, form)
        failed = await scene.release("v1.2.0")
        assert (failed.exit, failed.way_back[0].release) == (4, name)
        assert links(scene) == {form}
        assert (await scene.release("v1.1.0")).exit == 0
        back = await scene.carry(Request(kind="rollback", yes=True))
        assert (back.exit, back.outcome) == (0, "rolled-back"), back.reason
        assert links(scene) == {form}
        assert (await scene.release("v1.1.0")).exit == 0
        assert "is live" in await by_hand(scene)
        assert scene.fleet.exec_in("web01", "readlink /srv/shop/current").rstrip("\n") == form
        if not name.startswith("/"):
            named = await scene.carry(Request(kind="rollback", ref=name, yes=True))
            assert named.exit == 0
            assert links(scene) == {form}


async def test_a_folder_as_current_is_adopted_by_what_the_check_says(stage):
    async with stage(2) as scene:
        live = (await scene.release("v1.0.0")).release.id
        for host in scene.fleet.names:
            scene.fleet.exec_in(host, f"cd /srv/shop && rm current && mv releases/{live} current && rm .deploy/history")
        state = await scene.release("v1.1.0", overrides=(("way-back", "I know"),))
        check = next(check for check in state.checks if check.id == "way-back")
        assert (state.exit, check.status, check.firm) == (3, "failed", True)
        for line in check.remedy.split("; "):
            host, _, typed = line.removeprefix("on ").partition(": ")
            scene.fleet.exec_in(host, typed, user="deploytest")
        assert (await scene.release("v1.1.0")).exit == 0
        assert (await scene.carry(Request(kind="rollback", yes=True))).exit == 0
        assert links(scene) == {"releases/adopted"}


@pytest.mark.parametrize("damage", ["rm bin/app.py", "echo >> bin/app.py", "rm .deploy-manifest", "chmod -x bin/restart"])
async def test_nothing_goes_back_to_a_damaged_release(stage, damage: str):
    async with stage(2) as scene:
        before = (await scene.release("v1.0.0")).release.id
        live = (await scene.release("v1.1.0")).release.id
        scene.fleet.exec_in("web02", f"cd /srv/shop/releases/{before} && {damage}")
        back = await scene.carry(Request(kind="rollback", yes=True))
        assert back.exit == 5
        assert "web02 stays on v1.1.0: " in back.reason
        assert (scene.live("web01"), scene.live("web02")) == ("v1.0.0", "v1.1.0")
        assert ReturnTarget in {type(way) for way in back.way_back if way.host == "web02" and not way.possible}
        scene.fleet.exec_in("web02", f"cd /srv/shop/releases/{live} && {damage}")
        refused = await scene.release("v1.4.0")
        check = next(check for check in refused.checks if check.id == "way-back")
        assert (refused.exit, check.status) == (3, "failed")
        assert "web02" in check.detail


async def test_a_rollback_to_what_is_damaged_everywhere_is_a_no_go(stage):
    async with stage(2) as scene:
        before = (await scene.release("v1.0.0")).release.id
        assert (await scene.release("v1.1.0")).exit == 0
        for host in scene.fleet.names:
            scene.fleet.exec_in(host, f"rm /srv/shop/releases/{before}/bin/app.py")
        for ref in ("", "v1.0.0", before):
            back = await scene.carry(Request(kind="rollback", ref=ref, yes=True))
            assert (back.exit, back.outcome) == (3, "no-go")
            assert "bin/app.py" in back.reason
        assert scene.live("web01") == "v1.1.0"


async def test_the_guide_on_the_host_goes_further_back_than_a_rollback(stage):
    async with stage(1) as scene:
        for version in ("v1.0.0", "v1.1.0", "v1.4.0"):
            assert (await scene.release(version)).exit == 0
        assert (await scene.carry(Request(kind="rollback", yes=True))).exit == 0
        assert scene.live("web01") == "v1.1.0"
        await by_hand(scene)
        assert scene.live("web01") == "v1.0.0"


async def test_a_file_that_somebody_adds_is_drift_and_what_the_application_writes_is_none(stage, tmp_path):
    async with stage(1, app_extra='writes = ["tmp/"]') as scene:
        assert (await scene.release("v1.0.0")).exit == 0
        environment = load_file(str(tmp_path / "fleet" / "hosts.toml")).environment("production")
        scene.fleet.exec_in("web01", "cd /srv/shop/current && mkdir tmp && touch tmp/cache added.php && rm log && mkdir log", user="deploytest")
        outside = open_outside(environment, str(tmp_path / "state"), {})
        fact = await outside.scout.look(environment, environment.hosts[0], deadline=20)
        await outside.close()
        assert fact.drift == "1 added: added.php; log is no link to shared/log any more"
