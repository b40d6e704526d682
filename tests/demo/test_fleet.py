"""The demo's fleet, used as a console and a person use it: real SSH, real shells, a real application."""

import asyncio
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import asyncssh
import pytest
import pytest_asyncio

from console.adapters.pack_release import pack
from console.demo.customers import ask
from console.demo.demo_fleet import DemoFleet
from console.demo.demo_folder import USER
from console.demo.demo_host import DemoHost
from console.demo.demo_repository import LIVE, VERSIONS, Version, files_of, write_files
from console.demo.undertaker import marked
from console.errors import UsageFault
from console.model import host as host_model
from console.model.configured_environment import Environment
from console.model.release_facts import Release
from console.safe_text import SafeText

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="the demo makes a git repository: apt install git")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def fleet() -> AsyncIterator[DemoFleet]:
    async with DemoFleet(2) as made:
        yield made


def login(fleet: DemoFleet, host: DemoHost, **how):
    return asyncssh.connect(
        host.address,
        fleet.ports.ssh,
        username=USER,
        client_keys=[str(fleet.folder / "id_ed25519")],
        known_hosts=str(fleet.folder / "known_hosts"),
        config=None,
        agent_path=None,
        **how,
    )


async def run(fleet: DemoFleet, command: str, data: bytes = b"", host: int = 0):
    async with login(fleet, fleet.hosts[host]) as connection:
        return await connection.run(command, input=data, encoding=None, timeout=300)


async def page(fleet: DemoFleet, path: str, host: int = 0) -> str:
    reader, writer = await asyncio.open_connection(fleet.hosts[host].address, fleet.ports.app)
    writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
    answer = (await asyncio.wait_for(reader.read(), 60)).decode()
    writer.close()
    return answer.split("\r\n\r\n", 1)[1]


async def passes(fleet: DemoFleet, status: int, path: str = "/healthz", seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while await ask(fleet.hosts[0].address, fleet.ports.app, path) != status:
            await asyncio.sleep(0.05)


async def switch(fleet: DemoFleet, version: Version) -> str:
    """Put a version live on the first host as a deployment would."""
    tree = fleet.tree(fleet.hosts[0])
    release = tree / "releases" / f"20300101T000000Z-{version.tag}"
    if not release.exists():
        write_files(release, files_of(version))
    ran = await run(
        fleet,
        f"cd {tree} && ln -s releases/{release.name} fresh && mv -fT fresh current && cd {release} && exec bin/restart",
    )
    assert ran.exit_status == 0, ran.stderr
    return ran.stdout.decode()


@pytest.mark.asyncio(loop_scope="module")
class TestHost:
    @pytest.mark.parametrize("status", [0, 1, 77, 255])
    async def test_hands_back_the_exit_status(self, fleet, status):
        assert (await run(fleet, f"exit {status}")).exit_status == status

    async def test_names_the_signal_that_ended_a_shell(self, fleet):
        ran = await run(fleet, "kill -TERM $$")
        assert (ran.exit_status, ran.exit_signal[0]) == (-1, "TERM")

    async def test_keeps_output_and_errors_apart_and_whole(self, fleet):
        ran = await run(fleet, r"printf '\377\000out'; printf '\376err' >&2")
        assert (ran.stdout, ran.stderr) == (b"\xff\0out", b"\xfeerr")

    async def test_moves_ten_megabytes_there_and_back_intact(self, fleet):
        data = os.urandom(10 << 20)
        ran = await run(fleet, "cat", data)
        assert ran.stdout == data

    async def test_does_not_wait_for_a_shell_to_read_its_input(self, fleet):
        assert (await run(fleet, "exit 4", b"x" * (4 << 20))).exit_status == 4

    async def test_says_the_end_of_input(self, fleet):
        assert (await run(fleet, "wc -c", b"abc")).stdout.strip() == b"3"

    async def test_starts_in_a_folder_of_its_own(self, fleet):
        for index, host in enumerate(fleet.hosts):
            ran = await run(fleet, "pwd -P; echo $HOME; echo $DEMO_HOST", host=index)
            assert ran.stdout.decode().split() == [str(host.folder), str(host.folder), host.name]

    async def test_runs_on_when_the_connection_goes(self, fleet):
        done = fleet.hosts[0].folder / "done"
        connection = await login(fleet, fleet.hosts[0])
        process = await connection.create_process("echo begun; sleep 0.5; touch done", encoding=None)
        assert await process.stdout.readline() == b"begun\n"
        connection.abort()
        async with asyncio.timeout(60):
            while not done.exists():
                await asyncio.sleep(0.05)

    async def test_says_the_end_of_input_when_the_connection_goes(self, fleet):
        done = fleet.hosts[0].folder / "heard"
        connection = await login(fleet, fleet.hosts[0])
        process = await connection.create_process("echo begun; cat >/dev/null; touch heard", encoding=None)
        assert await process.stdout.readline() == b"begun\n"
        connection.abort()
        async with asyncio.timeout(60):
            while not done.exists():
                await asyncio.sleep(0.05)

    async def test_runs_many_commands_over_one_connection(self, fleet):
        async with login(fleet, fleet.hosts[0]) as connection:
            ran = await asyncio.gather(*(connection.run(f"echo {number}; exit {number}") for number in range(10)))
        assert [(each.stdout.strip(), each.exit_status) for each in ran] == [(str(number), number) for number in range(10)]

    @pytest.mark.parametrize("address", ["localhost", "own"])
    async def test_forwards_to_what_listens_on_the_host(self, fleet, address):
        host = fleet.hosts[1]
        async with login(fleet, host) as connection:
            reader, writer = await connection.open_connection(host.address if address == "own" else address, fleet.ports.app)
            writer.write(b"GET / HTTP/1.0\r\n\r\n")
            assert b"shop v1.4.1" in await reader.read()

    async def test_refuses_to_forward_elsewhere(self, fleet):
        async with login(fleet, fleet.hosts[0]) as connection:
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.open_connection("192.0.2.1", 80)

    async def test_names_a_forward_that_nothing_listens_for(self, fleet):
        async with login(fleet, fleet.hosts[0]) as connection:
            with pytest.raises(asyncssh.ChannelOpenError) as failed:
                await connection.open_connection(fleet.hosts[0].address, 1)
        assert failed.value.code == asyncssh.OPEN_CONNECT_FAILED

    async def test_refuses_a_key_that_is_not_its_clients(self, fleet):
        stranger = asyncssh.generate_private_key("ssh-ed25519")
        host = fleet.hosts[0]
        with pytest.raises(asyncssh.PermissionDenied):
            await asyncssh.connect(host.address, fleet.ports.ssh, username=USER, client_keys=[stranger], known_hosts=None, config=None)

    async def test_answers_the_ssh_command(self, fleet):
        if not shutil.which("ssh"):
            pytest.skip("no ssh: apt install openssh-client")
        host = fleet.hosts[0]
        known, key = fleet.folder / "known_hosts", fleet.folder / "id_ed25519"
        options = ["-F", "none", "-o", "BatchMode=yes", "-o", f"UserKnownHostsFile={known}", "-i", str(key), "-p", str(fleet.ports.ssh)]
        argv = ["ssh", *options, f"{USER}@{host.address}", "cat; exit 3"]
        ran = await asyncio.to_thread(subprocess.run, argv, input=b"\xff" * 100_000, capture_output=True, timeout=300)
        assert (ran.returncode, len(ran.stdout)) == (3, 100_000), ran.stderr


@pytest.mark.asyncio(loop_scope="module")
class TestApplication:
    async def test_answers_with_the_live_version_on_every_host(self, fleet):
        for index in range(2):
            assert await page(fleet, "/", index) == f"shop {LIVE.tag}\n"
            assert await page(fleet, "/healthz", index) == "ok\n"

    async def test_counts_what_customers_asked(self, fleet):
        await page(fleet, "/")
        metrics = await page(fleet, "/metrics")
        assert f'shop_info{{version="{LIVE.tag}"}} 1' in metrics
        assert 'http_requests_total{status="200"}' in metrics
        assert 'http_request_duration_seconds_bucket{le="+Inf"}' in metrics

    async def test_is_visited_and_customers_are_content(self, fleet):
        async with asyncio.timeout(60):
            while fleet.traffic.counts[fleet.hosts[1].address].requests < 2:
                await asyncio.sleep(0.05)
        assert fleet.traffic.counts[fleet.hosts[1].address].errors == 0

    async def test_a_restart_brings_up_what_current_points_at(self, fleet):
        shared = fleet.tree(fleet.hosts[0]) / "shared"
        before, old = (shared / "activations").read_text().splitlines(), (shared / "pid").read_text()
        said = await switch(fleet, VERSIONS[1])
        await passes(fleet, 200)
        assert await page(fleet, "/") == f"shop {VERSIONS[1].tag}\n"
        after = (shared / "activations").read_text().splitlines()
        assert after[:-1] == before
        assert VERSIONS[1].tag in after[-1]
        assert f"stopping {old.strip()}" in said
        assert int(old) not in [process.pid for process in marked(fleet.folder)]

    async def test_a_bad_version_fails_its_health_check_and_serves_on(self, fleet):
        await switch(fleet, VERSIONS[2])
        await passes(fleet, 503)
        await passes(fleet, 200, "/")

    async def test_a_slow_version_warms_up_and_takes_its_time(self, fleet):
        await switch(fleet, VERSIONS[3])
        await passes(fleet, 503)
        began = asyncio.get_running_loop().time()
        await passes(fleet, 200, "/")
        assert asyncio.get_running_loop().time() - began >= 0.2
        await passes(fleet, 200)

    async def test_a_version_can_throw_errors_later(self, fleet):
        later = Version("v9", "errors soon", "", {"errors_after": 1.5})
        release = fleet.tree(fleet.hosts[0]) / "releases" / "20300101T000000Z-v9"
        write_files(release, {**files_of(LIVE), "VERSION": b"v9\n", "behaviour.json": json.dumps(later.behaviour).encode()})
        await switch(fleet, later)
        await passes(fleet, 200)
        await passes(fleet, 500, "/")
        await passes(fleet, 500)


@pytest.mark.asyncio(loop_scope="module")
class TestFiles:
    async def test_the_file_names_each_host_and_leaves_no_day_closed(self, fleet):
        production = tomllib.loads(fleet.config.read_text())["environments"]["production"]
        assert production["hosts"] == [{"name": host.name, "address": host.address} for host in fleet.hosts]
        assert production["closed"] == []

    async def test_the_files_path_is_each_hosts_own_tree(self, fleet):
        path = tomllib.loads(fleet.config.read_text())["app"]["path"]
        environment = Environment(app="shop", name="production", path=path, hosts=())
        for host in fleet.hosts:
            assert environment.path_on(host_model.Host(host.name)) == str(fleet.tree(host))

    async def test_the_first_release_is_what_its_manifest_says(self, fleet):
        release = fleet.tree(fleet.hosts[1]) / "current"
        assert f"# version {LIVE.tag}" in (release / ".deploy-manifest").read_text()
        ran = await run(fleet, f"cd {release} && grep -v '^#' .deploy-manifest | sha256sum -c --strict --quiet", host=1)
        assert ran.exit_status == 0, ran.stdout

    async def test_the_first_releases_manifest_is_what_a_deployment_would_have_written(self, fleet, tmp_path):
        folder = (fleet.tree(fleet.hosts[1]) / "current").resolve()
        commit = (folder / ".deploy-manifest").read_text().splitlines()[1].removeprefix("# commit ")
        package = await pack(str(folder), Release(folder.name, SafeText(LIVE.tag), commit), str(tmp_path / "packed"))
        assert package.manifest == hashlib.sha256((folder / ".deploy-manifest").read_bytes()).hexdigest()

    async def test_the_first_release_is_the_commit_of_its_tag(self, fleet):
        release = (fleet.tree(fleet.hosts[1]) / "current").resolve()
        argv = ["git", "-C", str(fleet.repository), "archive", LIVE.tag]
        archive = await asyncio.to_thread(subprocess.run, argv, capture_output=True, check=True)
        command = f"mkdir commit && tar -xf - -C commit && diff -r -x .deploy-manifest commit {release}"
        ran = await run(fleet, command, archive.stdout, host=1)
        assert ran.exit_status == 0, ran.stdout

    async def test_every_version_is_a_tag_and_the_next_one_is_checked_out(self, fleet):
        def git(*argv: str) -> list[str]:
            return subprocess.run(["git", "-C", str(fleet.repository), *argv], capture_output=True, check=True, text=True).stdout.split()

        assert git("tag", "--sort=version:refname") == [version.tag for version in VERSIONS]
        assert git("describe", "--tags", "HEAD") == [VERSIONS[1].tag]
        assert git("status", "--porcelain") == []


class TestProcess:
    """`python -m console.demo.fleet_process`, and what is left when it has ended."""

    def begin(self, *argv: str) -> tuple[subprocess.Popen[bytes], dict]:
        process = subprocess.Popen(
            [sys.executable, "-m", "console.demo.fleet_process", "--hosts", "2", *argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        return process, json.loads(process.stdout.readline())

    async def ends(self, process: subprocess.Popen[bytes], folder: Path) -> int:
        with process:
            status = await asyncio.to_thread(process.wait, 60)
        async with asyncio.timeout(60):
            while folder.exists() or marked(folder):
                await asyncio.sleep(0.05)
        return status

    @pytest.mark.parametrize("how", ["stdin", signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
    async def test_leaves_nothing_however_it_ends(self, how):
        process, ready = self.begin()
        folder = Path(ready["folder"])
        assert len(marked(folder)) == 2
        process.stdin.close() if how == "stdin" else process.send_signal(how)
        status = await self.ends(process, folder)
        assert status == (-signal.SIGKILL if how == signal.SIGKILL else 0)

    async def test_ends_what_a_restart_has_started_and_what_still_runs(self):
        process, ready = self.begin()
        folder, host = Path(ready["folder"]), ready["hosts"][0]
        key, known = str(folder / "id_ed25519"), str(folder / "known_hosts")
        async with asyncssh.connect(host["address"], ready["ports"]["ssh"], username=USER, client_keys=[key], known_hosts=known, config=None) as connection:
            assert (await connection.run(f"cd {host['path']}/current && bin/restart")).exit_status == 0
            await connection.create_process("trap '' TERM HUP; (setsid sleep 300 &) ; while :; do sleep 1; done")
            async with asyncio.timeout(60):
                while len(marked(folder)) < 5:
                    await asyncio.sleep(0.05)
            process.stdin.close()
            assert await self.ends(process, folder) == 0

    async def test_stands_beside_another_fleet(self):
        (one, first), (two, second) = self.begin(), self.begin()
        assert {host["address"] for host in first["hosts"]}.isdisjoint(host["address"] for host in second["hosts"])
        one.stdin.close()
        assert await self.ends(one, Path(first["folder"])) == 0
        assert await ask(second["hosts"][0]["address"], second["ports"]["app"]) == 200
        two.stdin.close()
        assert await self.ends(two, Path(second["folder"])) == 0

    async def test_says_what_to_install_where_git_is_missing(self, tmp_path):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "console.demo.fleet_process", env={**os.environ, "PATH": str(tmp_path), "TMPDIR": str(tmp_path)},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, _ = await asyncio.wait_for(process.communicate(), 60)
        assert json.loads(out)["problems"][0]["hint"] == "apt install git"
        assert process.returncode == 3
        assert list(tmp_path.iterdir()) == []

    def test_refuses_a_folder_that_holds_something(self, tmp_path):
        (tmp_path / "mine").touch()
        with pytest.raises(UsageFault, match="empty folder"):
            DemoFleet(1, str(tmp_path))
        assert (tmp_path / "mine").exists()

    @pytest.mark.parametrize("hosts", [0, 1001])
    def test_refuses_a_number_of_hosts_that_it_cannot_have(self, hosts):
        with pytest.raises(UsageFault, match="1 to 1000"):
            DemoFleet(hosts)
