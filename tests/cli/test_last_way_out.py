"""A rollback that the console cannot do: what it prints is typed, and takes the hosts back."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from console.cli.follow import _told
from console.cli.rollback_command import tell_by_hand
from console.core.plan.shift_plan import plan_shift_back
from console.exit_codes import Exit
from console.model.balancer import Balancer
from console.model.host import Host
from console.model.plan import ReturnTarget
from console.model.request import Request
from console.model.state import HostState, RunState
from console.model.values import changed
from console.safe_text import SafeText
from tests.cli.product import Product, until
from tests.core.builders import hosts_of
from tests.core.test_bluegreen import two_sides


@pytest.fixture
def product() -> Iterator[Product]:
    found = Product()
    yield found
    found.close()


@pytest.mark.skipif(shutil.which("ssh") is None, reason="needs ssh (Debian: openssh-client)")
def test_a_record_that_cannot_be_read_leaves_the_way_by_hand(product: Product):
    before = product.live()
    product.deploy("-c", product.config, "production", "--yes")
    product.deploy("-c", product.config, "engine", "stop")
    state = Path(product.environ["DEPLOY_STATE"])
    os.chmod(state, 0o777)
    refused = product.deploy("-c", product.config, "rollback", "production", "--yes", code=2)[1]
    assert ["can be written by everybody" in refused, refused.count("\n  ssh ")] == [True, 2]
    os.chmod(state, 0o700)
    (state / "journal.sqlite3").write_bytes(b"garbage" * 1000)
    _, err = product.deploy("-c", product.config, "rollback", "production", "--yes", code=1)
    typed = [line.strip() for line in err.splitlines() if line.startswith("  ssh ")]
    assert len(typed) == 2
    for words in typed:
        ran = subprocess.run(["sh", "-c", words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        assert "is live" in ran.stdout, ran
    assert "move it away" in err
    for file in state.glob("journal.sqlite3*"):
        file.unlink()
    assert product.live() == before


@pytest.mark.skipif(shutil.which("ssh") is None, reason="needs ssh (Debian: openssh-client)")
def test_a_host_that_did_not_come_back_by_itself_is_told_with_its_way_by_hand(product: Product):
    viewer = product.start("-c", product.config, "production", "--version", "v1.5.0", "--yes", "--json")
    until(viewer.stdout, '"type":"step-started","step":"wave-1/web01/gate"')
    releases = Path(product.config).parent / "hosts/web01/srv/shop/releases"
    for release in releases.iterdir():
        if release.name not in os.readlink(releases.parent / "current"):
            moved = release.rename(releases.parent / "moved-away")
            old = release
    _, err = viewer.communicate()
    assert viewer.returncode == 5, err
    typed = [line.strip() for line in err.splitlines() if line.startswith("  ssh ")]
    assert ["were not rolled back" in err, len(typed)] == [True, 1]
    moved.rename(old)
    ran = subprocess.run(["sh", "-c", typed[0]], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert os.path.basename(os.readlink(releases.parent / "current")) == old.name, ran


def test_a_record_that_cannot_be_read_at_the_end_changes_no_exit_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DEPLOY_STATE", str(tmp_path))
    tmp_path.chmod(0o700)
    (tmp_path / "journal.sqlite3").write_bytes(b"garbage" * 1000)
    feed: Any = SimpleNamespace(state=RunState(run="r1", kind="rollback", go=True))
    assert _told(int(Exit.FAILED), feed) == Exit.FAILED


SIDES = changed(two_sides(), balancers=(Balancer("haproxy", Host("lb01"), socket="/run/haproxy/admin.sock", backend="shop"),))


def test_a_blue_green_environment_is_not_told_to_put_releases_back(capsys: pytest.CaptureFixture[str]):
    """`.deploy/rollback` there would change the side that serves, and the one that stands by."""
    tell_by_hand(SIDES, Request(kind="rollback"))
    said = capsys.readouterr().err
    assert ".deploy/rollback" not in said
    assert "to blue, at lb01/shop: first set server shop/web01 state ready; set server shop/web02 state ready" in said
    assert "to green, at lb01/shop: then set server shop/web01 state drain; set server shop/web02 state drain" in said


def test_traffic_that_did_not_move_back_is_told_with_what_moves_it(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    plan = plan_shift_back(SIDES, ("web01", "web02"), ("web03", "web04"))
    ways = tuple(ReturnTarget(host.name, "r0", SafeText("v1")) for host in SIDES.hosts)
    failed = [HostState(host.name, condition="failed", before="r0") for host in SIDES.hosts]
    monkeypatch.setattr("console.cli.kept_models.model_of_run", lambda run: SIDES)
    feed: Any = SimpleNamespace(state=RunState(run="r1", kind="rollback", go=True, plan=plan, way_back=ways, hosts=hosts_of(*failed)))
    assert _told(int(Exit.FAILED), feed) == Exit.FAILED
    said = capsys.readouterr().err
    assert ".deploy/rollback" not in said
    assert "at lb01/shop: first set server shop/web01 state ready; set server shop/web02 state ready" in said
    assert "at lb01/shop: then set server shop/web03 state drain; set server shop/web04 state drain" in said
