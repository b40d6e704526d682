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
from console.exit_codes import Exit
from console.model.state import RunState
from tests.cli.product import Product, until


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
