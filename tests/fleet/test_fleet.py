"""The test hosts themselves: they are apart, can be broken and mended, and leave nothing behind."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.fleet import Fleet, make_repository
from tests.fleet.fleet import cannot_drop, missing

pytestmark = pytest.mark.real


def ssh(fleet: Fleet, name: str, *command: str, connect_timeout: int = 60) -> subprocess.CompletedProcess[str]:
    machine = fleet[name]
    options = ["-F", "none", "-i", str(fleet.identity), "-p", str(machine.port)]
    for option in (f"UserKnownHostsFile={fleet.known_hosts}", "BatchMode=yes", f"ConnectTimeout={connect_timeout}", "StrictHostKeyChecking=yes"):
        options += ["-o", option]
    argv = ["ssh", *options, f"{machine.user}@{machine.address}", *command]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


def test_hosts_have_disks_of_their_own(fleet: Fleet) -> None:
    assert ssh(fleet, "web01", "echo one >/srv/shop/mark && id -un").stdout == "deploytest\n"
    assert fleet.exec_in("web01", "cat /srv/shop/mark") == "one\n"
    assert fleet.exec_in("web02", "ls /srv/shop") == ""
    fleet.exec_in("web01", "rm /srv/shop/mark")
    assert not Path("/srv/shop/mark").exists()


def test_killed_host_comes_back_with_its_disk_and_another_boot(own_fleet: Fleet) -> None:
    boot_id = "cat /proc/sys/kernel/random/boot_id"
    ssh(own_fleet, "web02", "echo kept >/srv/shop/mark; setsid sleep 60 >/dev/null 2>&1 &")
    before = ssh(own_fleet, "web02", boot_id).stdout
    assert "sleep 60" in own_fleet.processes("web02")
    own_fleet.kill("web02")
    assert ssh(own_fleet, "web02", "true").returncode == 255
    assert own_fleet.exec_in("web02", "cat /srv/shop/mark") == "kept\n"
    own_fleet.start("web02")
    assert ssh(own_fleet, "web02", boot_id).stdout not in ("", before)
    assert ssh(own_fleet, "web02", "cat /srv/shop/mark").stdout == "kept\n"
    assert own_fleet.processes("web02") == []


def test_changed_key_is_refused_by_who_knows_the_old_one(own_fleet: Fleet) -> None:
    old, new = own_fleet.change_key("web01")
    assert old != new
    refused = ssh(own_fleet, "web01", "true")
    assert refused.returncode == 255
    assert new in refused.stderr


@pytest.mark.skipif(bool(cannot_drop()), reason=cannot_drop() or "-")
def test_dropped_host_is_silent_until_it_is_restored(own_fleet: Fleet) -> None:
    own_fleet.drop("web01")
    assert "timed out" in ssh(own_fleet, "web01", "true", connect_timeout=1).stderr
    assert ssh(own_fleet, "web02", "true").returncode == 0
    own_fleet.restore("web01")
    assert ssh(own_fleet, "web01", "true").returncode == 0


def test_frozen_host_takes_connections_and_never_greets(own_fleet: Fleet) -> None:
    own_fleet.freeze("web01")
    assert "banner" in ssh(own_fleet, "web01", "true", connect_timeout=2).stderr
    own_fleet.thaw("web01")
    assert ssh(own_fleet, "web01", "true").returncode == 0


def test_full_disk_takes_nothing(own_fleet: Fleet) -> None:
    own_fleet.fill_disk("web01")
    assert ssh(own_fleet, "web01", "echo more >/srv/shop/more").returncode != 0
    own_fleet.free_disk("web01")
    assert ssh(own_fleet, "web01", "echo more >/srv/shop/more").returncode == 0


def test_nothing_is_left_when_the_owner_is_killed(tmp_path: Path) -> None:
    if reason := missing():
        pytest.skip(reason)
    owner = subprocess.Popen([sys.executable, "-m", "tests.fleet", "2", str(tmp_path / "fleet")], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    file = Path(owner.stdout.readline().strip())
    address = next(line for line in file.read_text().splitlines() if "web01" in line).split('address = "')[1].split('"')[0]
    assert _listens(address)
    owner.kill()
    owner.wait(60)
    owner.stdout.close()
    deadline = time.monotonic() + 60
    while _listens(address):
        assert time.monotonic() < deadline, "an sshd outlived its fleet"
        time.sleep(0.02)


def _listens(address: str) -> bool:
    try:
        socket.create_connection((address, 2200), 3).close()
    except OSError:
        return False
    return True


def install(fleet: Fleet, name: str, repository: Path, tag: str) -> None:
    tree = subprocess.run(["git", "archive", tag], cwd=repository, check=True, capture_output=True).stdout
    release = f"/srv/shop/releases/{tag}"
    machine = fleet[name]
    subprocess.run(
        ["ssh", "-F", "none", "-i", str(fleet.identity), "-p", str(machine.port), "-o", f"UserKnownHostsFile={fleet.known_hosts}",
         f"{machine.user}@{machine.address}", f"mkdir -p {release} && tar -xf - -C {release}"],
        input=tree, check=True,
    )  # fmt: skip


def get(fleet: Fleet, name: str, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{fleet[name].address}:8080{path}", timeout=60) as answer:
            return answer.status, answer.read().decode().strip()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode().strip()


def test_shop_is_restarted_and_says_how_it_is(own_fleet: Fleet, shop_repository: Path) -> None:
    for tag, status in (("v1.0.0", 200), ("v1.2.0", 503), ("v1.1.0", 200)):
        install(own_fleet, "web01", shop_repository, tag)
        done = ssh(own_fleet, "web01", f"cd /srv/shop/releases/{tag} && bin/restart")
        assert done.returncode == 0, done.stderr
        seen, body = get(own_fleet, "web01", "/healthz")
        assert (seen, tag[1:] in body) == (status, True)
    assert len(own_fleet.exec_in("web01", "cat /srv/shop/shared/activations").splitlines()) == 3
    assert len([line for line in own_fleet.processes("web01") if "app.py" in line]) == 1


def test_repository_has_a_tag_for_each_behaviour(tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "shop")
    tags = subprocess.run(["git", "tag"], cwd=repository, capture_output=True, text=True, check=True).stdout.split()
    assert tags == ["v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0", "v1.4.0"]
    shown = subprocess.run(["git", "show", "v1.3.0:VERSION"], cwd=repository, capture_output=True, text=True, check=True).stdout
    assert shown == "1.3.0 slow\n"


def test_twelve_hosts_start_together(tmp_path: Path) -> None:
    if reason := missing():
        pytest.skip(reason)
    with Fleet(12, tmp_path / "fleet") as fleet:
        assert len(fleet.hosts_toml().read_text().split("address = ")) == 13
