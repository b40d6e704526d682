"""What outlives releases is never removed, whatever a commit or a build has in the place of the links to it."""

import subprocess
from pathlib import Path

import pytest

from tests.fleet.release import make_repository

pytestmark = pytest.mark.real

DATA = "storage/app/public/photo"

TREES = {
    "a link to shared": ("storage/app/public/", "ln -s ../../shared/storage storage"),
    "a link in a folder": ("storage/app/public/", "mkdir storage; ln -s /srv/shop/shared/storage/app storage/app"),
    "a link to a link": ("storage/app/public/", "ln -s hop storage; ln -s /srv/shop/shared/storage hop"),
    "a file behind a link": (DATA, "mkdir -p storage/app; ln -s /srv/shop/shared/storage/app/public storage/app/public"),
    "a file in the way": ("storage/app/public/", "mkdir storage; echo x > storage/app"),
}


def repository(folder: Path, commands: str) -> Path:
    """The shop, whose newest version has that in its tree."""
    made = make_repository(folder)
    settings = "git -c user.name=T -c user.email=t@example.net"
    subprocess.run(["sh", "-euc", f"{commands}\ngit add -A\n{settings} commit -qm Links\ngit tag v9.0.0"], cwd=made, check=True)
    return made


def data(scene) -> set[str]:
    return {scene.fleet.exec_in(host, f"cat /srv/shop/shared/{DATA}") for host in scene.fleet.names}


@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize("build", [False, True])
async def test_data_is_kept_and_the_release_refused(stage, tmp_path, tree: str, build: bool):
    entry, commands = TREES[tree]
    links = 'links_out = ["storage", "hop", "storage/app", "storage/app/public"]'
    extra = f'{links}\nbuild = {{ command = "true" }}' if build else links
    async with stage(2, repository=repository(tmp_path / "repo", commands), shared=(entry,), app_extra=extra) as scene:
        for host in scene.fleet.names:
            script = f"mkdir -p /srv/shop/shared/{DATA.rpartition('/')[0]}; echo kept > /srv/shop/shared/{DATA}; chown -R deploytest /srv/shop"
            scene.fleet.exec_in(host, script)
        assert (await scene.release("v1.0.0")).exit == 0
        state = await scene.release("v9.0.0")
        assert data(scene) == {"kept\n"}
        assert {scene.live(host) for host in scene.fleet.names} == {"v1.0.0"}
        if build:
            assert state.exit != 0
            assert "shared has " in state.reason
            return
        content = next(check for check in state.checks if check.id == "content")
        assert (state.exit, content.firm) == (3, True)
        assert f"{entry} is in shared" in content.detail
