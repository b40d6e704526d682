"""The texts that run on a host, run: under each shell, on real folders."""

import os
import shlex
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.adapters.this_machine import LocalTransport
from console.core.host import prune_releases, release_scripts
from console.core.host.by_hand import typed
from console.errors import UsageFault
from console.model.configured_environment import Environment
from console.model.host import Host, Ssh
from console.model.host_commands import Command
from console.ports.hosts import Ran
from tests.adapters.hosts import HERE, SHELLS, host_with

RUN = "20261124T071407Z-production-3f2a"
EPOCH = f"{RUN}.1"
OLD, NEW = "20261123T071407Z-aaaaaaa", "20261124T071407Z-bbbbbbb"


@pytest.fixture(params=SHELLS)
def host(request: pytest.FixtureRequest, tmp_path: Path) -> LocalTransport:
    return host_with(request.param, tmp_path)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "srv" / "it's shop"
    (folder / ".deploy" / "lock" / EPOCH).mkdir(parents=True)
    for release in (OLD, NEW):
        (folder / "releases" / release).mkdir(parents=True)
        (folder / "releases" / release / "name").write_text(release + "\n")
    return folder


async def on(host: LocalTransport, script: str) -> Ran:
    return await host.run(HERE, script, deadline=20)


def changes(app: Path) -> list[list[str]]:
    return [line.split("\t")[1:] for line in (app / ".deploy" / "history").read_text().splitlines()]


async def test_a_switch_is_one_rename_and_is_written_down(host: LocalTransport, app: Path) -> None:
    assert (await on(host, release_scripts.switch(str(app), EPOCH, OLD))).ok
    ran = await on(host, release_scripts.switch(str(app), EPOCH, NEW, OLD))
    assert ran.ok, ran
    assert os.readlink(app / "current") == f"releases/{NEW}"
    assert changes(app) == [[RUN, "switch", OLD, "-"], [RUN, "switch", NEW, OLD]]
    assert list((app / ".deploy" / "lock" / EPOCH).iterdir()) == [app / ".deploy" / "lock" / EPOCH / "back"]
    assert os.readlink(app / ".deploy" / "lock" / EPOCH / "back") == f"releases/{OLD}"
    assert not (app / ".deploy" / "runs" / RUN / "switching").read_text()


async def test_going_back_in_a_run_starts_mv_and_nothing_else(host: LocalTransport, app: Path, tmp_path: Path) -> None:
    assert (await on(host, release_scripts.switch(str(app), EPOCH, OLD))).ok
    assert (await on(host, release_scripts.switch(str(app), EPOCH, NEW, OLD))).ok
    few = tmp_path / "few"
    few.mkdir()
    found = shutil.which("mv")
    assert found
    (few / "mv").symlink_to(found)
    back = release_scripts.switch(str(app), EPOCH, OLD, NEW, back=True, at="2026-11-24T07:14:07Z")
    ran = await on(host, f"PATH={release_scripts.quote(str(few))}\n{back}")
    assert (ran.status, ran.out, ran.err) == (0, f"releases/{OLD} is live, {NEW} was\n".encode(), b"")
    assert os.readlink(app / "current") == f"releases/{OLD}"
    assert (app / ".deploy" / "history").read_text().endswith(f"2026-11-24T07:14:07Z\t{RUN}\trollback\t{OLD}\t{NEW}\n")


async def test_the_link_that_lies_ready_goes_with_the_lock(host: LocalTransport, app: Path) -> None:
    """To the engine that takes the run over, and to nobody who has lost it."""
    await on(host, release_scripts.switch(str(app), EPOCH, OLD))
    await on(host, release_scripts.switch(str(app), EPOCH, NEW, OLD))
    (app / ".deploy" / "lock" / EPOCH).rename(app / ".deploy" / "lock" / f"{RUN}.2")
    assert not (await on(host, release_scripts.switch(str(app), EPOCH, OLD, NEW, back=True))).ok
    assert os.readlink(app / "current") == f"releases/{NEW}"
    assert (await on(host, release_scripts.switch(str(app), f"{RUN}.2", OLD, NEW, back=True))).ok
    assert os.readlink(app / "current") == f"releases/{OLD}"
    assert list((app / ".deploy" / "lock" / f"{RUN}.2").iterdir()) == []


async def test_the_link_that_lies_ready_is_the_last_switch_s(host: LocalTransport, app: Path) -> None:
    third = "20261125T000000Z-ddddddd"
    made(app, third)
    for release, before in ((OLD, ""), (NEW, OLD), (third, NEW)):
        assert (await on(host, release_scripts.switch(str(app), EPOCH, release, before))).ok
    assert (await on(host, release_scripts.switch(str(app), EPOCH, OLD, third, back=True))).ok
    assert os.readlink(app / "current") == f"releases/{OLD}"
    assert (await on(host, release_scripts.switch(str(app), EPOCH, third, OLD))).ok
    assert (await on(host, release_scripts.switch(str(app), EPOCH, OLD, third, back=True))).ok
    assert os.readlink(app / "current") == f"releases/{OLD}"


async def test_what_another_made_live_meanwhile_is_seen_and_recorded_as_it_is(host: LocalTransport, app: Path) -> None:
    other = "20261125T000000Z-ddddddd"
    made(app, other)
    await on(host, release_scripts.switch(str(app), EPOCH, OLD))
    await on(host, release_scripts.switch(str(app), EPOCH, NEW, OLD))
    (app / "current").unlink()
    (app / "current").symlink_to(app / "releases" / other)
    ran = await on(host, release_scripts.switch(str(app), EPOCH, OLD, NEW, back=True))
    assert (ran.ok, f"{NEW} was expected".encode() in ran.out) == (True, True)
    assert changes(app)[-1] == [RUN, "rollback", OLD, other, str(app / "releases" / other)]


async def test_live_already_is_fine_and_changes_nothing(host: LocalTransport, app: Path) -> None:
    await on(host, release_scripts.switch(str(app), EPOCH, NEW))
    assert (await on(host, release_scripts.switch(str(app), EPOCH, NEW))).ok
    assert len(changes(app)) == 1


async def test_a_link_of_capistranos_is_live_already(host: LocalTransport, app: Path) -> None:
    (app / "current").symlink_to(app / "releases" / OLD)
    assert b"already" in (await on(host, release_scripts.switch(str(app), EPOCH, OLD, OLD))).out
    assert (await on(host, release_scripts.switch(str(app), EPOCH, NEW, OLD))).ok
    assert changes(app) == [[RUN, "switch", NEW, OLD, str(app / "releases" / OLD)]]


async def test_current_is_never_missing_while_it_is_switched(host: LocalTransport, app: Path) -> None:
    await on(host, release_scripts.switch(str(app), EPOCH, OLD))
    watcher = subprocess.Popen(
        ["sh", "-c", "echo on; while [ ! -e stop ]; do read -r n < current/name || echo gap; done", "sh"], cwd=app, stdout=subprocess.PIPE
    )
    for _ in range(10):
        await on(host, release_scripts.switch(str(app), EPOCH, NEW) + release_scripts.switch(str(app), EPOCH, OLD))
    (app / "stop").touch()
    assert watcher.communicate(timeout=60)[0] == b"on\n"


async def test_whoever_lost_the_lock_cannot_switch(host: LocalTransport, app: Path) -> None:
    await on(host, release_scripts.switch(str(app), EPOCH, OLD))
    (app / ".deploy" / "lock" / EPOCH).rename(app / ".deploy" / "lock" / "other.1")
    assert not (await on(host, release_scripts.switch(str(app), EPOCH, NEW, OLD))).ok
    assert os.readlink(app / "current") == f"releases/{OLD}"
    assert len(changes(app)) == 1


async def test_a_missing_release_is_refused(host: LocalTransport, app: Path) -> None:
    ran = await on(host, release_scripts.switch(str(app), EPOCH, "20270101T000000Z-ccccccc"))
    assert not ran.ok
    assert b"20270101T000000Z-ccccccc is not there" in ran.err
    assert not (app / "current").exists()


async def test_a_folder_named_current_is_left_alone(host: LocalTransport, app: Path) -> None:
    (app / "current").mkdir()
    assert b"not a link" in (await on(host, release_scripts.switch(str(app), EPOCH, NEW))).err
    assert list((app / "current").iterdir()) == []


async def test_another_live_release_than_planned_is_said_and_recorded(host: LocalTransport, app: Path) -> None:
    await on(host, release_scripts.switch(str(app), EPOCH, OLD))
    ran = await on(host, release_scripts.switch(str(app), EPOCH, NEW, "20260101T000000Z-ddddddd"))
    assert ran.ok
    assert b"20260101T000000Z-ddddddd was expected" in ran.out
    assert changes(app)[-1] == [RUN, "switch", NEW, OLD]


async def test_a_switch_that_was_cut_before_its_record_is_recorded_when_sent_again(host: LocalTransport, app: Path) -> None:
    await on(host, release_scripts.switch(str(app), EPOCH, OLD))
    cut = release_scripts.switch(str(app), EPOCH, NEW, OLD).replace('\nrecord "$what" "$release" "${live', '\nexit 0\nrecord "$what" "$release" "${live')
    await on(host, cut)
    assert len(changes(app)) == 1
    assert (app / ".deploy" / "runs" / RUN / "switching").read_text() == f"{NEW}\t{OLD}\treleases/{OLD}\n"
    await on(host, release_scripts.switch(str(app), EPOCH, NEW, OLD))
    assert changes(app)[-1] == [RUN, "switch", NEW, OLD]


async def test_a_first_release_goes_back_to_nothing(host: LocalTransport, app: Path) -> None:
    await on(host, release_scripts.switch(str(app), EPOCH, NEW))
    assert not (await on(host, release_scripts.remove_current(str(app), EPOCH, OLD))).ok
    assert (app / "current").exists()
    for _ in range(2):
        assert (await on(host, release_scripts.remove_current(str(app), EPOCH, NEW))).ok
    assert not (app / "current").is_symlink()
    assert (app / "releases" / NEW / "name").exists()
    assert changes(app)[-1] == [RUN, "rollback", "-", NEW]


async def test_healthy_is_said_of_the_live_release_alone(host: LocalTransport, app: Path) -> None:
    await on(host, release_scripts.switch(str(app), EPOCH, NEW))
    assert (await on(host, release_scripts.mark_healthy(str(app), RUN, NEW))).ok
    assert not (await on(host, release_scripts.mark_healthy(str(app), RUN, OLD))).ok
    assert changes(app)[-1] == [RUN, "healthy", NEW, "-"]


async def test_shared_things_are_linked_and_folders_made(host: LocalTransport, app: Path) -> None:
    (app / "shared" / "config").mkdir(parents=True)
    (app / "shared" / "config" / "my key").write_text("secret")
    (app / "releases" / NEW / "log").mkdir()
    (app / "releases" / NEW / "log" / "shipped").touch()
    script = release_scripts.link_shared(str(app), NEW, ("log/", "config/my key", "a/b/c/"))
    for _ in range(2):
        ran = await on(host, script)
        assert ran.ok, ran
    release = app / "releases" / NEW
    assert os.readlink(release / "log") == "../../shared/log"
    assert (release / "config" / "my key").read_text() == "secret"
    (release / "a/b/c/x").write_text("kept")
    assert (app / "shared/a/b/c/x").read_text() == "kept"
    assert not (app / "shared" / "log" / "shipped").exists()


async def test_a_missing_shared_file_is_named_and_nothing_is_linked(host: LocalTransport, app: Path) -> None:
    ran = await on(host, release_scripts.link_shared(str(app), NEW, ("log/", ".env")))
    assert not ran.ok
    assert b"shared/.env is not there" in ran.err
    assert not (app / "releases" / NEW / "log").exists()


@pytest.mark.parametrize(
    ("shared", "way"),
    [(("storage/app/public/",), "storage"), (("storage/app/public/",), "storage/app"), (("config/master.key",), "config")],
)
async def test_nothing_is_removed_through_a_link_of_the_repository(host: LocalTransport, app: Path, shared: tuple[str, ...], way: str) -> None:
    release = app / "releases" / NEW
    kept = app / "shared" / shared[0].rstrip("/")
    kept.parent.mkdir(parents=True)
    if shared[0].endswith("/"):
        kept.mkdir()
        (kept / "upload").write_text("kept")
    else:
        kept.write_text("kept")
    (release / way).parent.mkdir(parents=True, exist_ok=True)
    (release / way).symlink_to(os.path.relpath(app / "shared" / way, (release / way).parent))
    ran = await on(host, release_scripts.link_shared(str(app), NEW, ("log/", *shared)))
    assert not ran.ok
    assert f"{way} is a link to".encode() in ran.err
    assert not (release / "log").exists()
    assert (kept / "upload" if shared[0].endswith("/") else kept).read_text() == "kept"


async def test_a_link_to_anywhere_on_the_way_is_refused(host: LocalTransport, app: Path, tmp_path: Path) -> None:
    (tmp_path / "data" / "log").mkdir(parents=True)
    (tmp_path / "data" / "log" / "old").write_text("kept")
    (app / "releases" / NEW / "var").symlink_to(tmp_path / "data")
    assert not (await on(host, release_scripts.link_shared(str(app), NEW, ("var/log/",)))).ok
    (app / "releases" / NEW / "etc").write_text("a file")
    ran = await on(host, release_scripts.link_shared(str(app), NEW, ("etc/shop/",)))
    assert b"etc is a file" in ran.err
    assert (tmp_path / "data" / "log" / "old").read_text() == "kept"


@pytest.mark.parametrize("shared", [("storage/", "storage/app/"), ("a/b", "a/"), ("log", "log/"), ("log/", "log/")])
def test_entries_that_one_link_would_reach_twice_are_refused(shared: tuple[str, ...]) -> None:
    with pytest.raises(UsageFault):
        release_scripts.link_shared("/srv/shop", NEW, shared)


async def test_what_was_written_in_the_place_of_a_link_is_not_removed(host: LocalTransport, app: Path) -> None:
    script = release_scripts.link_shared(str(app), NEW, ("log/",))
    assert (await on(host, script)).ok
    log = app / "releases" / NEW / "log"
    log.unlink()
    log.mkdir()
    (log / "written").write_text("kept")
    ran = await on(host, script)
    assert b"was a link to shared/log" in ran.err
    assert b"no link to shared/log" in (await on(host, prune_releases.prune(str(app), 0, ()))).out
    assert (log / "written").read_text() == "kept"


@pytest.mark.parametrize("entry", ["log/", "in/a folder/", ".env"])
async def test_what_stands_in_the_place_of_a_link_is_kept_in_a_release_of_an_older_console_too(host: LocalTransport, app: Path, entry: str) -> None:
    (app / "shared").mkdir(exist_ok=True)
    (app / "shared" / ".env").write_text("shared")
    for release in (OLD, NEW):
        assert (await on(host, release_scripts.link_shared(str(app), release, (entry,)))).ok
        (app / "releases" / release / ".deploy-linked").unlink()
    await on(host, release_scripts.switch(str(app), EPOCH, NEW))
    place = app / "releases" / OLD / entry
    Path(str(place).rstrip("/")).unlink()
    written = place / "written" if entry.endswith("/") else place
    written.parent.mkdir(exist_ok=True)
    written.write_text("kept")
    ran = await on(host, prune_releases.prune(str(app), 0, (), RUN, (entry,)))
    assert f"{OLD} stays: {entry.rstrip('/')} in it is no link" in ran.out.decode()
    assert written.read_text() == "kept"
    written.unlink()
    if entry.endswith("/"):
        place.rmdir()
    await on(host, prune_releases.prune(str(app), 0, (), RUN, (entry,)))
    assert left(app) == {NEW}


async def test_pruning_a_release_with_links_removes_that_alone(host: LocalTransport, app: Path) -> None:
    made(app, "20261120T000000Z-fffffff")
    for release in ("20261120T000000Z-fffffff", OLD, NEW):
        assert (await on(host, release_scripts.link_shared(str(app), release, ("log/",)))).ok
    (app / "shared" / "log" / "line").write_text("kept")
    await on(host, release_scripts.switch(str(app), EPOCH, NEW))
    ran = await on(host, prune_releases.prune(str(app), 0, (OLD,)))
    assert ran.out == b"20261120T000000Z-fffffff is removed\n"
    assert left(app) == {OLD, NEW}
    assert (app / "shared" / "log" / "line").read_text() == "kept"


async def test_releases_on_another_disk_reach_what_is_shared(host: LocalTransport, app: Path, tmp_path: Path) -> None:
    (app / "releases").rename(tmp_path / "disk")
    (app / "releases").symlink_to(tmp_path / "disk")
    assert (await on(host, release_scripts.link_shared(str(app), NEW, ("log/",)))).ok
    (app / "releases" / NEW / "log" / "line").write_text("x")
    assert (app / "shared" / "log" / "line").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount")
def test_a_release_with_a_mount_in_it_is_not_removed(app: Path) -> None:
    (app / "data").mkdir()
    (app / "data" / "row").write_text("kept")
    (app / "releases" / OLD / "uploads").mkdir()
    text = f"mount --bind '{app}/data' '{app}/releases/{OLD}/uploads'".replace("it's", "it'\\''s")
    ran = subprocess.run(["unshare", "-m", "sh", "-c", f"{text}\n{prune_releases.prune(str(app), 0, (NEW,))}"], capture_output=True, text=True, check=False)
    assert "something is mounted in it" in ran.stdout, ran
    assert (app / "data" / "row").read_text() == "kept"


@pytest.mark.parametrize("entry", ["/etc", "../x", "a/../b", "", "/", "a//b", "./a", "."])
def test_shared_paths_stay_inside_the_release(entry: str) -> None:
    with pytest.raises(UsageFault):
        release_scripts.link_shared("/srv/shop", NEW, (entry,))


@given(st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=30))
def test_a_command_gets_its_variables_exactly(value: str) -> None:
    script = release_scripts.user_command("/", {"A": value}, Command('printf %sx "$A"'))
    assert subprocess.run(["sh"], input=script.encode(), capture_output=True, check=True).stdout == value.encode() + b"x"


async def test_a_command_stops_at_its_first_failure(host: LocalTransport, app: Path) -> None:
    ran = await on(host, release_scripts.user_command(str(app / "releases" / NEW), {}, Command("cat name\nfalse\necho on")))
    assert (ran.status, ran.out) == (1, NEW.encode() + b"\n")
    assert (await on(host, release_scripts.user_command(str(app), {}, Command("echo $UNSET_FOR_SURE")))).status != 0


def a_sudo(host: LocalTransport, tmp_path: Path) -> None:
    fake = tmp_path / "tools" / "sudo"
    fake.unlink(missing_ok=True)
    fake.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> "{tmp_path}/argv"\nexport BECAME=$3\nshift 4\nexec "$@"\n')
    fake.chmod(0o755)


async def test_run_as_keeps_variables_out_of_argv(host: LocalTransport, app: Path, tmp_path: Path) -> None:
    a_sudo(host, tmp_path)
    command = Command('echo "$BECAME: $TOKEN"; read -r x || echo "no input"; exit 5', run_as="app user")
    ran = await on(host, release_scripts.user_command(str(app), {"TOKEN": "it's s3cr3t"}, command))
    assert (ran.status, ran.out) == (5, b"app user: it's s3cr3t\nno input\n")
    assert "s3cr3t" not in (tmp_path / "argv").read_text()


async def test_run_as_never_runs_a_part_of_a_command(host: LocalTransport, app: Path, tmp_path: Path) -> None:
    a_sudo(host, tmp_path)
    script = release_scripts.user_command(str(app), {}, Command(f"touch '{tmp_path}/ran'\necho more", run_as="root"))
    ran = await on(host, script.replace('printf %s "$p" |', 'printf %s "${p%more*}" |'))
    assert ran.status == 97
    assert not (tmp_path / "ran").exists()


def made(app: Path, *names: str) -> None:
    for name in names:
        (app / "releases" / name).mkdir(parents=True, exist_ok=True)
        (app / "releases" / name / "file").touch()


def left(app: Path) -> set[str]:
    return {entry.name for entry in (app / "releases").iterdir()}


async def test_pruning_keeps_live_way_back_and_the_newest_healthy(host: LocalTransport, app: Path) -> None:
    days = [f"202610{day:02}T000000Z-abcdef{day % 10}" for day in range(1, 10)]
    made(app, *days, "20200101000000", "20200102000000", "notes", "20261001T000000Z-xyz", ".hidden")
    (app / "releases" / "20261010T000000Z-abcdef0").symlink_to(app / "releases" / "notes")
    await on(host, release_scripts.switch(str(app), EPOCH, NEW))
    with (app / ".deploy" / "history").open("a") as history:
        history.writelines(f"t\tr\thealthy\t{day}\t-\n" for day in days[:7])
    ran = await on(host, prune_releases.prune(str(app), 3, (days[0],)))
    assert ran.ok, ran
    unlisted = {"notes", "20261001T000000Z-xyz", ".hidden", "20261010T000000Z-abcdef0"}
    assert left(app) == {NEW, days[0], days[6], days[5], days[4], *unlisted}
    assert (app / "releases" / "notes" / "file").exists()


async def test_pruning_goes_by_the_order_of_the_history_and_not_by_the_time_in_a_name(host: LocalTransport, app: Path) -> None:
    ahead, then, later = (f"2026{month}01T000000Z-abcdef0" for month in ("12", "10", "11"))
    made(app, ahead, then, later)
    await on(host, release_scripts.switch(str(app), EPOCH, NEW))
    runs = [f"20261{month}01T000000Z-production-aaaa" for month in (2, 0, 1)]
    for run in (*runs, *(f"20260101T0000{number:02}Z-production-aaaa" for number in range(prune_releases.RUNS_KEPT - 2))):
        (app / ".deploy" / "runs" / run).mkdir(parents=True)
    with (app / ".deploy" / "history").open("a") as history:
        history.writelines(f"t\t{run}\thealthy\t{release}\t-\n" for run, release in zip(runs, (ahead, then, later), strict=True))
    await on(host, prune_releases.prune(str(app), 2, ()))
    assert left(app) == {NEW, then, later}
    kept = {entry.name for entry in (app / ".deploy" / "runs").iterdir()}
    assert {*runs} <= kept
    assert "20260101T000000Z-production-aaaa" not in kept


async def test_capistranos_releases_count_as_healthy(host: LocalTransport, app: Path) -> None:
    made(app, "20200101000000", "20200102000000", "20200103000000")
    await on(host, release_scripts.switch(str(app), EPOCH, NEW))
    await on(host, prune_releases.prune(str(app), 2, (OLD,)))
    assert left(app) == {NEW, OLD, "20200102000000", "20200103000000"}


async def test_a_release_that_a_process_runs_from_stays(host: LocalTransport, app: Path) -> None:
    await on(host, release_scripts.switch(str(app), EPOCH, NEW))
    process = subprocess.Popen(["sleep", "30"], cwd=app / "releases" / OLD)
    try:
        ran = await on(host, prune_releases.prune(str(app), 0, ()))
        assert f"{OLD} stays".encode() in ran.out
        assert left(app) == {NEW, OLD}
    finally:
        process.kill()
        process.wait()
    await on(host, prune_releases.prune(str(app), 0, ()))
    assert left(app) == {NEW}


async def test_old_runs_go_and_the_newest_stay(host: LocalTransport, app: Path) -> None:
    names = [f"202610{day:02}T{hour:02}0000Z-production-aaaa" for day in (1, 2) for hour in range(20)]
    for name in names:
        (app / ".deploy" / "runs" / name / "step.1").mkdir(parents=True)
    await on(host, prune_releases.prune(str(app), 5, ()))
    assert {entry.name for entry in (app / ".deploy" / "runs").iterdir()} == set(names[-prune_releases.RUNS_KEPT :])


async def back(host: LocalTransport, app: Path, *words: str) -> Ran:
    return await on(host, f"cd /; {release_scripts.quote(str(app / '.deploy' / 'rollback'))} {' '.join(words)}")


async def test_the_guide_goes_back_without_the_console(host: LocalTransport, app: Path) -> None:
    await on(host, release_scripts.switch(str(app), EPOCH, OLD))
    await on(host, release_scripts.switch(str(app), EPOCH, NEW, OLD, restart="sudo -n systemctl restart shop\nit's $HOME"))
    ran = await back(host, app)
    assert ran.status == 1
    assert EPOCH.encode() in ran.err
    shutil.rmtree(app / ".deploy" / "lock" / EPOCH)
    ran = await back(host, app)
    assert ran.ok, ran
    assert b"sudo -n systemctl restart shop\nit's $HOME\n" in ran.out
    assert os.readlink(app / "current") == f"releases/{OLD}"
    assert changes(app)[-1][1:] == ["rollback-by-hand", OLD, NEW]
    readme = (app / ".deploy" / "README").read_text()
    assert NEW in readme
    assert OLD in readme


async def test_the_guide_prefers_what_was_healthy(host: LocalTransport, app: Path) -> None:
    made(app, "20261120T000000Z-fffffff")
    for release in (OLD, "20261120T000000Z-fffffff", NEW):
        await on(host, release_scripts.switch(str(app), EPOCH, release))
        if release == OLD:
            await on(host, release_scripts.mark_healthy(str(app), RUN, OLD))
    assert (await back(host, app, "--force")).ok
    assert os.readlink(app / "current") == f"releases/{OLD}"


async def test_the_guide_goes_further_back_than_what_a_run_took_back(host: LocalTransport, app: Path) -> None:
    first = "20260101000000"
    made(app, first)
    (app / "current").symlink_to(f"releases/{first}")
    for release in (OLD, NEW):
        await on(host, release_scripts.switch(str(app), EPOCH, release))
        await on(host, release_scripts.mark_healthy(str(app), RUN, release))
    await on(host, release_scripts.switch(str(app), EPOCH, OLD, NEW, back=True))
    assert (await on(host, release_scripts.leave_guide(str(app), RUN))).ok
    assert f"before  {first}" in (app / ".deploy" / "README").read_text()
    assert (await back(host, app, "--force")).ok
    assert os.readlink(app / "current") == f"releases/{first}"
    ran = await back(host, app, "--force")
    assert (ran.status, b"no release is known" in ran.err) == (1, True)
    await on(host, release_scripts.switch(str(app), EPOCH, NEW, first))
    await on(host, release_scripts.mark_healthy(str(app), RUN, NEW))
    assert (await back(host, app, "--force")).ok
    assert os.readlink(app / "current") == f"releases/{first}"


@pytest.mark.parametrize("name", ["12", "my release", "it's $HOME", "-n"])
@pytest.mark.parametrize("form", ["releases/{}", "./releases/{}/", "{app}/releases/{}", "releases//{}", "releases/stable", "{app}/../shop-blue"])
async def test_current_is_put_back_as_it_was_read(host: LocalTransport, app: Path, name: str, form: str) -> None:
    made(app, name)
    (app / "releases" / "stable").symlink_to(name)
    (app.parent / "shop-blue").mkdir()
    link = form.format(name, app=app)
    (app / "current").symlink_to(link)
    was = str(app.parent / "shop-blue") if "blue" in form else name
    assert (await on(host, release_scripts.switch(str(app), EPOCH, NEW, was))).out == f"releases/{NEW} is live, {was} was\n".encode()
    assert (await on(host, release_scripts.switch(str(app), EPOCH, was, NEW, back=True))).ok
    assert os.readlink(app / "current") == link
    assert changes(app)[-1] == [RUN, "rollback", was, NEW]
    await on(host, release_scripts.switch(str(app), EPOCH, NEW, was))
    assert (await back(host, app, "--force")).ok
    assert os.readlink(app / "current") == link


async def test_the_guide_has_no_way_back_from_a_first_release(host: LocalTransport, app: Path) -> None:
    await on(host, release_scripts.switch(str(app), EPOCH, NEW))
    ran = await back(host, app, "--force")
    assert ran.status == 1
    assert b"no release is known" in ran.err
    assert (await back(host, app, "--force", OLD)).ok
    assert not (await back(host, app, "--force", "../../etc")).ok


def test_names_that_are_no_releases_are_refused() -> None:
    for name in ("", "-", "../x", "a/b", "..", "a\tb", "a\nb", "/srv/.."):
        with pytest.raises(UsageFault):
            release_scripts.switch("/srv/shop", EPOCH, name)


async def test_texts_can_be_joined(host: LocalTransport, app: Path) -> None:
    await on(host, release_scripts.switch(str(app), EPOCH, NEW))
    ran = await on(host, "\n".join([release_scripts.mark_healthy(str(app), RUN, NEW), prune_releases.prune(str(app), 5, ())]))
    assert ran.ok, ran
    assert left(app) == {NEW}


async def test_a_switch_is_quick(host: LocalTransport, app: Path) -> None:
    began = os.times()
    await on(host, release_scripts.switch(str(app), EPOCH, NEW))
    ended = os.times()
    assert ended.children_user + ended.children_system - began.children_user - began.children_system < 1


@pytest.fixture
def modules(app: Path) -> Path:
    """Modules of the live release, with a file that another one is linked to."""
    (app / "current").symlink_to(f"releases/{OLD}")
    folder = app / "releases" / OLD / "node_modules"
    (folder / "left pad").mkdir(parents=True)
    (folder / "left pad" / "index.js").write_text("pad")
    (folder / "bin").symlink_to("left pad/index.js")
    return folder


async def test_what_is_reused_is_a_copy_of_its_own(host: LocalTransport, app: Path, modules: Path) -> None:
    for _ in range(2):  # a second attempt keeps what the first one made
        ran = await on(host, release_scripts.copy_reused(str(app), NEW, ("node_modules", "vendor/bundle")))
        assert ran.ok, ran
        assert b"vendor/bundle is not in" in ran.out
    copy = app / "releases" / NEW / "node_modules"
    (copy / "left pad" / "index.js").write_text("changed by an install")
    assert (modules / "left pad" / "index.js").read_text() == "pad"
    assert os.readlink(copy / "bin") == "left pad/index.js"
    assert (modules / "left pad" / "index.js").stat().st_nlink == 1
    assert list((app / ".deploy").glob("staging/*")) == []


async def test_a_copy_that_was_cut_off_is_made_again(host: LocalTransport, app: Path, modules: Path) -> None:
    (app / ".deploy" / "staging" / f"{NEW}.reuse" / "copy" / "half").mkdir(parents=True)
    assert (await on(host, release_scripts.copy_reused(str(app), NEW, ("node_modules",)))).ok
    assert sorted(path.name for path in (app / "releases" / NEW / "node_modules").iterdir()) == ["bin", "left pad"]


async def test_what_the_release_brings_itself_is_kept(host: LocalTransport, app: Path, modules: Path) -> None:
    (app / "releases" / NEW / "node_modules").mkdir()
    assert b"already" in (await on(host, release_scripts.copy_reused(str(app), NEW, ("node_modules",)))).out
    assert list((app / "releases" / NEW / "node_modules").iterdir()) == []


async def test_nothing_is_reused_through_a_link_that_leads_out(host: LocalTransport, app: Path, modules: Path) -> None:
    (app / "shared" / "uploads").mkdir(parents=True)
    (app / "releases" / OLD / "uploads").symlink_to("../../shared/uploads")
    (app / "releases" / OLD / "vendor").symlink_to("../../shared")
    ran = await on(host, release_scripts.copy_reused(str(app), NEW, ("uploads", "vendor/uploads")))
    assert ran.ok, ran
    assert sorted(path.name for path in (app / "releases" / NEW).iterdir()) == ["name"]
    (app / "releases" / NEW / "node_modules.d").symlink_to("../../shared")
    (app / "releases" / OLD / "node_modules.d" / "deep").mkdir(parents=True)
    refused = await on(host, release_scripts.copy_reused(str(app), NEW, ("node_modules.d/deep",)))
    assert (refused.ok, b"outside of the release" in refused.err) == (False, True)
    assert list((app / "shared").iterdir()) == [app / "shared" / "uploads"]


async def test_a_first_release_has_nothing_to_reuse(host: LocalTransport, app: Path) -> None:
    assert (await on(host, release_scripts.copy_reused(str(app), NEW, ("node_modules",)))).ok
    assert release_scripts.copy_reused(str(app), NEW, ()) == ""


def test_what_is_typed_here_to_take_a_host_back():
    hosts = (Host("web01", "10.0.0.1", user="ada"), Host("web02", jump="gate"), Host("localhost"), Host("gate", "10.0.0.9", 2222))
    shop = Environment("shop", "production", "/srv/my shop", hosts, ssh=Ssh(user="deploy", port=2200))
    back = "'/srv/my shop'/.deploy/rollback"
    assert [shlex.split(typed(shop, host)) for host in hosts[:2]] == [
        ["ssh", "-p", "2200", "ada@10.0.0.1", back],
        ["ssh", "-p", "2200", "-J", "deploy@10.0.0.9:2222", "deploy@web02", back],
    ]
    assert typed(shop, hosts[2]) == back
    plain = Environment("shop", "production", "/srv/shop", hosts)
    assert shlex.split(typed(plain, Host("web03"), "my release")) == ["ssh", "web03", "/srv/shop/.deploy/rollback 'my release'"]


@pytest.mark.parametrize(
    ("release", "folder"),
    [
        (NEW, f"releases/{NEW}"), ("20261124071407", "releases/20261124071407"), ("my release", "releases/my release"), ("/opt/blue", "/opt/blue"), ("/opt/a/b", "/opt/a/b"), ("...", "releases/..."),
        ("-n", "releases/-n"), ("ü", "releases/ü"),
    ],
)  # fmt: skip
def test_where_a_release_lies(release: str, folder: str) -> None:
    assert release_scripts.release_folder(release) == folder


@pytest.mark.parametrize("release", ["", "-", ".", "..", "a/b", "./a", "../a", "/", "/a/", "/a/.", "/a/..", "a\tb", "a\nb", "/a\nb", "\x7f", "\x00", "/-/.."])
def test_what_is_no_release_is_refused_by_name(release: str) -> None:
    with pytest.raises(UsageFault) as fault:
        release_scripts.release_folder(release)
    assert fault.value.message == f"{release!r} cannot be the name of a release"


@pytest.mark.parametrize(
    ("release", "folder"), [("", "/srv/shop/current"), (NEW, f"/srv/shop/releases/{NEW}"), ("/opt/blue", "/opt/blue"), ("12", "/srv/shop/releases/12")]
)
def test_a_release_s_folder_on_a_host_is_absolute(release: str, folder: str) -> None:
    assert release_scripts.folder_on("/srv/shop", release) == folder


@pytest.mark.parametrize(("epoch", "run"), [(EPOCH, RUN), (f"{RUN}.12", RUN), ("a.b.1", "a.b"), ("plain", "plain"), (".1", ".1"), ("", "")])
def test_the_run_that_an_epoch_belongs_to(epoch: str, run: str) -> None:
    assert release_scripts.run_of(epoch) == run


@pytest.mark.parametrize(
    ("name", "is_release"),
    [
        (NEW, True), ("20261124T071407Z-" + "a" * 40, True), ("20261124T071407Z-" + "a" * 41, False), ("20261124T071407Z-abcdef", False), ("20261124T071407Z-abcdefg", False),
        ("20261124T071407Z", False), ("20261124T071407-abcdef0", False), ("20261124071407", True), ("2026112407140", False), ("202611240714070", False), ("notes", False), ("", False),
        ("20261124T071407Z-ABCDEF0", False), (f"{NEW}\n", False), (f"x{NEW}", False),
    ],
)  # fmt: skip
def test_which_names_are_releases_to_python_and_to_a_shell(name: str, is_release: bool) -> None:
    assert bool(release_scripts.RELEASE.fullmatch(name)) is is_release
    text = f"case $1 in *[!0-9a-fTZ-]*) exit 1 ;; {release_scripts.RELEASE_GLOBS}) exit 0 ;; *) exit 1 ;; esac"
    ran = subprocess.run(["sh", "-c", text, "sh", name], check=False).returncode == 0
    assert ran is is_release or (len(name) > 57 and ran)


@pytest.mark.parametrize(
    ("command", "variables", "text"),
    [
        (Command("make"), {}, "set -eu\ncd -- /srv/shop\nmake\n"), (Command("make\nmore"), {"A": "it is"}, "set -eu\nexport A='it is'\ncd -- /srv/shop\nmake\nmore\n"),
    ],
)  # fmt: skip
def test_a_command_is_run_in_its_folder_with_its_variables(command: Command, variables: dict[str, str], text: str) -> None:
    assert release_scripts.user_command("/srv/shop", variables, command) == text


def test_a_command_of_another_user_is_one_word_that_ends_in_a_mark() -> None:
    text = release_scripts.user_command("/srv/shop", {"A": "x"}, Command("make", run_as="app"))
    assert text.startswith("set -eu\np='set -eu\nexport A=x\ncd -- /srv/shop\nmake\n\n#:this is the end of what was sent:#'\n")
    assert 'printf %s "$p" | sudo -n -u app -- sh -c ' in text
    assert text.endswith(" sh '\n#:this is the end of what was sent:#'\n")


@pytest.mark.parametrize("name", ["1A", "A-B", ""])
def test_a_variable_that_no_shell_takes_is_refused(name: str) -> None:
    with pytest.raises(UsageFault):
        release_scripts.user_command("/", {name: "x"}, Command("make"))


@pytest.mark.parametrize(
    ("shared", "words"),
    [
        (("log/", "log"), "shared: log is log/ again"), (("a/", "a/b"), "shared: a/b lies in a/, which is linked as a whole"), (("a/b", "a"), "shared: a/b lies in a, which is linked as a whole"),
    ],
)  # fmt: skip
def test_entries_that_clash_are_refused_in_words(shared: tuple[str, ...], words: str) -> None:
    with pytest.raises(UsageFault) as fault:
        release_scripts.link_shared("/srv/shop", NEW, shared)
    assert (fault.value.message, fault.value.hint) == (words, "keep one of them")


def test_nothing_is_reused_of_nothing() -> None:
    assert release_scripts.copy_reused("/srv/shop", "not checked/", ()) == ""
    with pytest.raises(UsageFault):
        release_scripts.copy_reused("/srv/shop", "a/b", ("x",))


async def test_a_first_release_of_whatever_name_is_removed_where_none_is_named(host: LocalTransport, app: Path) -> None:
    await on(host, release_scripts.switch(str(app), EPOCH, NEW))
    ran = await on(host, release_scripts.remove_current(str(app), EPOCH, ""))
    assert (ran.ok, ran.out) == (True, f"current is removed, {NEW} was live\n".encode())
    assert (await on(host, release_scripts.remove_current(str(app), EPOCH, ""))).out == b"nothing is live already\n"
    assert (app / ".deploy" / "runs" / RUN / "switching").read_text() == ""
    assert list((app / ".deploy" / "lock" / EPOCH).iterdir()) == []


async def test_a_current_that_is_no_link_stays(host: LocalTransport, app: Path) -> None:
    (app / "current").mkdir()
    ran = await on(host, release_scripts.remove_current(str(app), EPOCH, ""))
    assert (ran.ok, b"current is not a link: it stays" in ran.err) == (False, True)
    assert (app / "current").is_dir()


async def test_another_release_than_that_one_stays(host: LocalTransport, app: Path) -> None:
    await on(host, release_scripts.switch(str(app), EPOCH, NEW))
    ran = await on(host, release_scripts.remove_current(str(app), EPOCH, OLD))
    assert f"current is {NEW}, not {OLD}: it stays".encode() in ran.err


async def test_a_switch_says_what_is_live_and_what_was(host: LocalTransport, app: Path) -> None:
    assert (await on(host, release_scripts.switch(str(app), EPOCH, OLD))).out == f"releases/{OLD} is live, nothing was\n".encode()
    ran = await on(host, release_scripts.switch(str(app), EPOCH, NEW))
    assert ran.out == f"current is {OLD}, where nothing was expected\nreleases/{NEW} is live, {OLD} was\n".encode()
    assert (await on(host, release_scripts.switch(str(app), EPOCH, NEW))).out == f"releases/{NEW} is live already\n".encode()


async def test_going_back_is_recorded_as_that_and_gives_up_room_on_a_full_disk(host: LocalTransport, app: Path) -> None:
    await on(host, release_scripts.switch(str(app), EPOCH, OLD))
    await on(host, release_scripts.switch(str(app), EPOCH, NEW, OLD))
    (app / ".deploy" / "reserve").mkdir()
    full = 'printf() { case $1 in %8192s) return 1 ;; esac; command printf "$@"; }\n'
    assert (await on(host, full + release_scripts.switch(str(app), EPOCH, OLD, NEW))).ok
    assert (app / ".deploy" / "reserve").exists()
    assert (await on(host, full + release_scripts.switch(str(app), EPOCH, NEW, OLD, back=True))).ok
    assert not (app / ".deploy" / "reserve").exists()
    assert [change[1] for change in changes(app)] == ["switch", "switch", "switch", "rollback"]


async def test_a_switch_that_was_cut_is_recorded_by_the_run_that_made_it_alone(host: LocalTransport, app: Path) -> None:
    (app / "current").symlink_to(f"releases/{NEW}")
    note = app / ".deploy" / "runs" / RUN / "switching"
    note.parent.mkdir(parents=True)
    note.write_text(f"{OLD}\t-\t\n")
    await on(host, release_scripts.switch(str(app), EPOCH, NEW))
    assert note.read_text() == ""
    assert not (app / ".deploy" / "history").exists()


async def test_what_was_verified_is_listed_once(host: LocalTransport, app: Path) -> None:
    await on(host, release_scripts.switch(str(app), EPOCH, NEW))
    listing = app / "releases" / NEW / ".deploy-listing"
    await on(host, release_scripts.mark_healthy(str(app), RUN, NEW))
    first = listing.read_text()
    assert first.endswith(" - ./name\n")
    (app / "releases" / NEW / "late").write_text("x")
    await on(host, release_scripts.mark_healthy(str(app), RUN, NEW))
    assert listing.read_text() == first
    assert sorted(path.name for path in (app / ".deploy").iterdir()) == ["README", "history", "lock", "rollback", "runs"]


async def test_a_history_says_when_and_by_which_run(host: LocalTransport, app: Path) -> None:
    await on(host, release_scripts.switch(str(app), EPOCH, NEW))
    (line,) = (app / ".deploy" / "history").read_text().splitlines()
    assert datetime.strptime(line.split("\t")[0], "%Y-%m-%dT%H:%M:%S%z").tzinfo is UTC
    assert line.split("\t")[1] == RUN


async def test_a_history_says_when_by_the_time_that_is_given(host: LocalTransport, app: Path) -> None:
    await on(host, release_scripts.switch(str(app), EPOCH, NEW, at="2026-01-02T03:04:05Z"))
    assert (app / ".deploy" / "history").read_text().startswith("2026-01-02T03:04:05Z\t")


async def test_what_no_line_of_the_history_can_hold_is_recorded_without_it(host: LocalTransport, app: Path) -> None:
    odd = app.parent / "a\tb"
    odd.mkdir()
    (app / "current").symlink_to(odd)
    await on(host, release_scripts.switch(str(app), EPOCH, NEW, str(odd)))
    assert changes(app) == [[RUN, "switch", NEW, "a name that cannot be written here"]]


async def test_a_release_that_no_run_of_ours_made_live_is_removed_too(host: LocalTransport, app: Path) -> None:
    (app / "current").symlink_to(app / "releases" / OLD)
    assert (await on(host, release_scripts.remove_current(str(app), EPOCH, OLD))).ok
    assert changes(app) == [[RUN, "rollback", "-", OLD, str(app / "releases" / OLD)]]


async def test_a_run_takes_back_what_it_made_live_as_it_found_it(host: LocalTransport, app: Path) -> None:
    (app / "current").symlink_to(f"./releases/{OLD}/")
    await on(host, release_scripts.switch(str(app), EPOCH, NEW, OLD))
    assert (await on(host, release_scripts.switch(str(app), EPOCH, OLD, NEW, back=True))).out == f"releases/{OLD} is live, {NEW} was\n".encode()
    assert os.readlink(app / "current") == f"./releases/{OLD}/"
    assert changes(app)[-1][:4] == [RUN, "rollback", OLD, NEW]


async def test_what_a_run_left_is_not_believed_where_the_host_is_otherwise_by_now(host: LocalTransport, app: Path) -> None:
    """Somebody went elsewhere by hand after the switch: going back says so, and records what was live."""
    third = "20261120T000000Z-fffffff"
    made(app, third)
    await on(host, release_scripts.switch(str(app), EPOCH, OLD))
    await on(host, release_scripts.switch(str(app), EPOCH, NEW, OLD))
    (app / "current").unlink()
    (app / "current").symlink_to(f"releases/{third}")
    ran = await on(host, release_scripts.switch(str(app), EPOCH, OLD, NEW, back=True))
    assert f"current is {third}, where {NEW} was expected".encode() in ran.out
    assert changes(app)[-1] == [RUN, "rollback", OLD, third]


async def test_going_back_leaves_the_guide_as_it_is_until_it_is_made_anew(host: LocalTransport, app: Path) -> None:
    await on(host, release_scripts.switch(str(app), EPOCH, OLD))
    await on(host, release_scripts.switch(str(app), EPOCH, NEW, OLD))
    readme = app / ".deploy" / "README"
    assert f"live    {NEW}\n" in readme.read_text()
    await on(host, release_scripts.switch(str(app), EPOCH, OLD, NEW, back=True))
    assert f"live    {NEW}\n" in readme.read_text()
    assert (await on(host, release_scripts.leave_guide(str(app), RUN, "restart it"))).ok
    assert f"live    {OLD}\n" in readme.read_text()
    assert "restart it\n" in (app / ".deploy" / "rollback").read_text()


async def test_no_guide_is_left_where_nothing_is_live(host: LocalTransport, app: Path) -> None:
    assert (await on(host, release_scripts.leave_guide(str(app), RUN))).ok
    assert not (app / ".deploy" / "README").exists()


async def test_a_release_that_is_a_link_is_not_linked_into(host: LocalTransport, app: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (app / "releases" / "20261121T000000Z-abcdef0").symlink_to(tmp_path / "elsewhere")
    ran = await on(host, release_scripts.link_shared(str(app), "20261121T000000Z-abcdef0", ("log/",)))
    assert (ran.ok, b"is a link to" in ran.err) == (False, True)
    assert list((tmp_path / "elsewhere").iterdir()) == []


async def test_what_is_linked_is_named_at_the_top_of_the_release(host: LocalTransport, app: Path) -> None:
    assert (await on(host, release_scripts.link_shared(str(app), NEW, ("log/", "a b/c/")))).ok
    assert (app / "releases" / NEW / ".deploy-linked").read_text() == "log\na b/c\n"
    assert os.readlink(app / "releases" / NEW / "a b" / "c") == "../../../shared/a b/c"
    assert (await on(host, release_scripts.link_shared(str(app), NEW, ()))).ok
    assert (app / "releases" / NEW / ".deploy-linked").read_text() == ""


async def test_a_release_whose_removal_was_cut_off_goes_with_the_next_pruning(host: LocalTransport, app: Path) -> None:
    await on(host, release_scripts.switch(str(app), EPOCH, NEW))
    cut = app / ".deploy" / "staging" / "20261001T000000Z-abcdef0.pruned"
    (cut / "half").mkdir(parents=True)
    (app / ".deploy" / "staging" / "other").mkdir()
    assert (await on(host, prune_releases.prune(str(app), 5, ()))).ok
    assert [path.name for path in (app / ".deploy" / "staging").iterdir()] == ["other"]


async def test_the_run_that_prunes_keeps_its_own_folder(host: LocalTransport, app: Path) -> None:
    names = [f"20261001T{number // 60:02}{number % 60:02}00Z-production-aaaa" for number in range(prune_releases.RUNS_KEPT + 5)]
    for name in (*names, "notes"):
        (app / ".deploy" / "runs" / name).mkdir(parents=True)
    await on(host, prune_releases.prune(str(app), 5, (), run=names[0]))
    left_runs = {path.name for path in (app / ".deploy" / "runs").iterdir()}
    assert left_runs == {names[0], "notes", *names[5:]}
