"""What is wrong before anything changes: each ends there, by the contract's exit code, and says what to type next."""

import pytest

from console.model.commands import Accepted, Decide, Refusal
from console.model.events import HostOwed, PlanMade
from console.model.request import Request
from tests.faults.conftest import ADA

pytestmark = pytest.mark.real


def go(scene) -> Decide:
    return Decide(go=True, digest=scene.state.plan.digest)


async def test_go_is_on_the_fleet_as_it_is_and_not_as_it_was_a_minute_ago(stage):
    async with stage(2) as scene:
        older = (await scene.release("v1.0.0")).release.id
        assert (await scene.release("v1.1.0")).exit == 0
        await scene.open(Request(ref="v1.4.0"))
        await scene.until(lambda event: isinstance(event, PlanMade))
        scene.fleet.exec_in("web02", f"ln -sfn releases/{older} /srv/shop/current")
        scene.clock.ahead = 61.0
        said = await scene.session.submit(scene.run, go(scene), ADA)
        assert isinstance(said, Refusal)
        assert "web02 would go back to v1.0.0, was v1.1.0" in said.message
        assert isinstance(await scene.session.submit(scene.run, go(scene), ADA), Accepted)
        state = await scene.end()
        assert state.exit == 0
        assert {host: state.hosts[host].before_version for host in scene.fleet.names} == {"web01": "v1.1.0", "web02": "v1.0.0"}


async def test_a_disk_that_fills_while_somebody_thinks_is_a_no_go(stage):
    async with stage(2) as scene:
        await scene.open(Request(ref="v1.0.0"))
        await scene.until(lambda event: isinstance(event, PlanMade))
        scene.fleet.fill_disk("web02")
        scene.clock.ahead = 61.0
        said = await scene.session.submit(scene.run, go(scene), ADA)
        assert isinstance(said, Refusal)
        assert "Room for the release: failed, was passed" in said.message
        state = await scene.end()
        assert (state.exit, state.outcome) == (3, "no-go")
        assert "0 MiB free" in state.reason
        assert state.hint == "deploy check production --version v1.0.0"
        assert scene.files("web01", "releases") == []


async def no_go(scene, check_id: str, ref: str = "v1.0.0"):
    """A release that is refused by that check alone; the check."""
    state = await scene.release(ref)
    assert (state.exit, state.outcome) == (3, "no-go")
    blocking = [check for check in state.checks if check.blocks]
    assert [check.id for check in blocking] == [check_id]
    assert "web02" in state.reason
    assert not state.changed
    assert state.epoch == 0
    return blocking[0]


async def test_sudo_that_does_not_allow_a_command(stage):
    extra = '[environments.production.commands]\ninstall = { run = "bin/install", run_as = "nobody" }\n'
    async with stage(2, extra=extra) as scene:
        state = await scene.release("v1.0.0")
        check = next(check for check in state.checks if check.id == "sudo")
        assert (state.exit, state.outcome) == (3, "no-go")
        assert check.blocks
        assert "sudo asks for a password" in check.detail
        assert "sudoers" in check.remedy
        assert scene.files("web02", "releases") == []


async def typed(scene, check) -> None:
    """Type on the host what the check says."""
    host, _, words = check.remedy.removeprefix("on ").partition(": ")
    scene.fleet.exec_in(host, words.removeprefix("sudo ").partition(", once")[0].partition("; or")[0])


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("rm -rf /srv/shop; chown root /srv; chmod 755 /srv", "/srv/shop is not there, and deploytest cannot write to /srv"),
        ("mkdir -p /srv/shop/releases; chown deploytest /srv/shop", "cannot write to /srv/shop/releases as deploytest, which belongs to root"),
        ("mount -o remount,ro /srv", "/srv is mounted read-only"),
        ("rm -rf /srv/shop; touch /srv/shop", "/srv/shop is not a folder"),
    ],
)
async def test_a_place_that_cannot_be_written_says_what_to_type(stage, broken: str, said: str):
    async with stage(2) as scene:
        scene.fleet.exec_in("web02", broken)
        check = await no_go(scene, "tools")
        assert said in check.detail
        await typed(scene, check)
        assert (await scene.release("v1.0.0")).exit == 0


async def test_inodes_that_are_used_up(stage):
    async with stage(2) as scene:
        scene.fleet.exec_in("web02", "mount -o remount,nr_inodes=$(df -Pi /srv | awk 'END { print $3 }') /srv")
        assert "web02: 0 inodes free" in (await no_go(scene, "space")).detail


async def test_a_login_that_is_refused(stage):
    async with stage(2) as scene:
        scene.fleet.exec_in("web02", "f=$(sed -n 's/^AuthorizedKeysFile *//p' /etc/ssh/sshd_config); : > $f")
        check = await no_go(scene, "login")
        assert "ssh -p" in check.remedy
        assert scene.files("web01", "releases") == []


async def test_a_current_that_dangles(stage):
    async with stage(2) as scene:
        assert (await scene.release("v1.0.0")).exit == 0
        scene.fleet.exec_in("web02", "ln -sfn releases/20200101T000000Z-0000000 /srv/shop/current")
        check = await no_go(scene, "way-back", "v1.1.0")
        assert "current" in check.detail
        assert "--override way-back=REASON" in check.remedy
        assert scene.activations("web01", "v1.1.0") == 0
        state = await scene.carry(Request(kind="restart", yes=True))
        assert (state.exit, state.outcome) == (3, "no-go")
        assert "web02: current points at" in state.reason
        assert scene.activations("web01", "v1.0.0") == 1


async def test_a_host_that_is_not_reached_within_the_budget_is_owed_the_release(stage):
    async with stage(3, connect_timeout="20s", max_failures=1) as scene:
        assert (await scene.release("v1.0.0")).exit == 0
        scene.fleet.kill("web02")
        state = await scene.release("v1.1.0")
        assert state.exit == 8
        assert {name: host.condition for name, host in state.hosts.items()} == {"web01": "new", "web02": "owed", "web03": "new"}
        assert [event.reason.startswith("not reached: ") for event in scene.events_of(HostOwed)] == [True]
        scene.fleet.start("web02")
