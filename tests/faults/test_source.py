"""What a repository holds and where a release goes, on real hosts: what the check passes is what ships, and what it refuses never begins."""

from pathlib import Path

import pytest

from console.model.request import Request
from tests.adapters.repositories import git
from tests.fleet import make_repository

pytestmark = pytest.mark.real
SHIPPED = 'links_out = ["uploads"]\nreuse = ["node_modules/"]'


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "shop", (("v1.0.0", "good"), ("v1.1.0", "good"), ("v1.2.0", "unhealthy")))


def check(state, name: str):
    return next(check for check in state.checks if check.id == name)


def commit(shop: Path, tag: str) -> None:
    git(shop, "add", "-A")
    git(shop, "commit", "-qm", tag)
    git(shop, "tag", tag)


async def test_a_commit_that_cannot_be_shipped_is_a_no_go_and_ships_with_a_reason(stage, shop: Path):
    git(shop, "reset", "-q", "--hard", "v1.1.0")
    (shop / "away").symlink_to("/etc/hostname")
    (shop / "back\\slash").write_text("x")
    git(shop, "add", "-A")
    git(shop, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor")
    git(shop, "commit", "-qm", "v2")
    git(shop, "tag", "v2")
    async with stage(2, repository=shop) as scene:
        state = await scene.release("v2")
        assert (state.exit, state.epoch) == (3, 0)
        found = check(state, "content")
        assert all(words in found.detail for words in ("away -> /etc/hostname", "back\\\\slash", "vendor"))
        assert scene.files("web01", "releases") == []
        shipped = await scene.release("v2", overrides=(("content", "known"),))
        assert (shipped.exit, check(shipped, "content").status) == (0, "overridden")
        assert {"away", "back\\slash", "vendor"} <= set(scene.files("web01", "current/"))


async def test_submodules_listed_links_and_reused_folders_come_to_the_hosts(stage, shop: Path, tmp_path: Path):
    git(shop, "reset", "-q", "--hard", "v1.1.0")
    make_repository(tmp_path / "library", (("v1.0.0", "good"),))
    git(shop, "submodule", "--quiet", "add", str(tmp_path / "library"), "vendor/library")
    (shop / "uploads").symlink_to("/srv/shop/shared/uploads")
    commit(shop, "v2")
    async with stage(2, repository=shop, app_extra=SHIPPED) as scene:
        assert (await scene.release("v2")).exit == 0
        assert "README" in scene.files("web01", "current/vendor/library")
        scene.fleet.exec_in("web01", "mkdir -p /srv/shop/current/node_modules/pad && echo 1 > /srv/shop/current/node_modules/pad/index.js")
        (shop / "README").write_text("Another.\n")
        commit(shop, "v3")
        assert (await scene.release("v3")).exit == 0
        assert scene.fleet.exec_in("web01", "stat -c %h /srv/shop/current/node_modules/pad/index.js").strip() == "1"
        assert scene.fleet.exec_in("web01", "readlink /srv/shop/current/uploads").strip() == "/srv/shop/shared/uploads"
        assert "node_modules" not in scene.files("web02", "current/")


async def test_going_back_is_the_rollbacks_and_what_failed_is_remembered(stage, shop: Path):
    async with stage(2, repository=shop) as scene:
        for version in ("v1.0.0", "v1.1.0"):
            assert (await scene.release(version)).exit == 0
        refused = await scene.release("v1.0.0")
        assert (refused.exit, check(refused, "direction").blocks) == (3, True)
        assert "deploy rollback production --to v1.0.0" in check(refused, "direction").remedy
        assert (await scene.carry(Request(kind="rollback", ref="v1.0.0", yes=True))).exit == 0
        again = await scene.release("v1.1.0")
        assert (again.exit, check(again, "direction").status) == (0, "warning")
        assert "v1.1.0 was rolled back here" in check(again, "direction").detail
        assert (await scene.release("v1.2.0")).exit == 4
        state = await scene.release("v1.2.0")
        assert "v1.2.0 failed and was rolled back here" in check(state, "direction").detail
        back = await scene.release("v1.0.0", overrides=(("direction", "the till needs it"),))
        assert (back.exit, scene.live("web01")) == (0, "v1.0.0")
