"""A look at a host: real folders under each shell, and captured texts."""

import hashlib
import os
import shutil
import time
from pathlib import Path

import pytest

from console.adapters.host_inspection import HostScout, facts_of
from console.adapters.host_lock import HostLocks
from console.adapters.this_machine import LocalTransport
from console.core.host import release_scripts
from console.core.host.integrity import MOST
from console.model.configured_environment import Environment
from console.model.host_commands import Command
from console.model.host_facts import HostFacts, LockHolder
from console.model.maintenance_mode import HostMaintenance
from console.safe_text import SafeText
from tests.adapters.hosts import HERE, SHELLS, Away, Breaking, host_with

RUN = "20261124T071407Z-production-3f2a"
EPOCH = f"{RUN}.1"
OLD, NEW = "20261123T071407Z-aaaaaaa", "20261124T071407Z-bbbbbbb"


@pytest.fixture(params=SHELLS)
def host(request: pytest.FixtureRequest, tmp_path: Path) -> LocalTransport:
    return host_with(request.param, tmp_path)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return tmp_path / "srv" / "it's shop"


def environment(app: Path, **fields: object) -> Environment:
    return Environment("shop", "production", str(app), (HERE,), **fields)  # type: ignore[arg-type]


async def seen(host: LocalTransport, app: Path, **fields: object) -> HostFacts:
    return await HostScout(host).examine(environment(app, **fields), HERE, deadline=60)


def release(app: Path, name: str, files: dict[str, str], version: str = "v1 beta", commit: str = "c" * 40) -> None:
    folder = app / "releases" / name
    lines = [f"# version {version}", f"# commit {commit}", f"# release {name}"]
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
        lines.append(f"{hashlib.sha256(text.encode()).hexdigest()}  ./{path}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".deploy-manifest").write_text("\n".join(lines) + "\n")


def live(app: Path, *names: str) -> None:
    """Each made live in turn, as the console does it."""
    (app / ".deploy" / "lock" / EPOCH).mkdir(parents=True, exist_ok=True)
    for name in names:
        assert os.system(f"sh -c {release_scripts.quote(release_scripts.switch(str(app), EPOCH, name))} > /dev/null") == 0
    shutil.rmtree(app / ".deploy" / "lock" / EPOCH)


def tree(folder: Path) -> list[tuple[str, float]]:
    return sorted((str(path), path.lstat().st_mtime) for path in folder.rglob("*") if "tools" not in path.parts)


async def test_an_empty_host_is_ready_and_stays_empty(host: LocalTransport, app: Path, tmp_path: Path) -> None:
    before = tree(tmp_path)
    facts = await seen(host, app, shared=("log/",))
    assert facts.problem == ""
    assert (facts.current, facts.current_broken, facts.releases, facts.drift) == ("", "", (), "")
    assert (facts.missing_tools, facts.not_writable, facts.missing_shared, facts.sudo_refused) == ((), "", (), ())
    assert facts.free > 0
    assert abs(facts.clock_skew) < 1
    assert facts.boot == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert tree(tmp_path) == before


async def test_what_is_live_and_what_was_before(host: LocalTransport, app: Path) -> None:
    release(app, OLD, {"bin/app": "old"}, "v1")
    release(app, NEW, {"bin/app": "new", "with space: and colon": "x"})
    (app / "releases" / "notes").mkdir()
    live(app, OLD, NEW)
    os.system(f"sh -c {release_scripts.quote(release_scripts.mark_healthy(str(app), RUN, NEW))}")
    before = tree(app)
    facts = await seen(host, app)
    assert facts.current == NEW
    assert [(found.id, found.version, found.whole, found.healthy) for found in facts.releases] == [
        (OLD, "v1", True, False),
        (NEW, "v1 beta", True, True),
    ]
    assert facts.releases[0].commit == "c" * 40
    assert (facts.drift, facts.current_broken, facts.lock, facts.closed) == ("", "", None, None)
    assert tree(app) == before


async def test_a_look_that_is_cut_is_none(host: LocalTransport, app: Path) -> None:
    """Of an answer a mebibyte is kept, and who holds the host stands at its end."""
    (app / ".deploy" / "lock" / EPOCH).mkdir(parents=True)
    (app / ".deploy" / "history").write_text(f"{'long ' * 120}\n" * 2000)
    facts = await HostScout(host).look(environment(app), HERE, deadline=60)
    assert (facts.problem_kind, "cut" in facts.problem) == ("channel", True), (facts.problem, facts.lock)


async def test_of_programs_that_can_run_no_more_a_host_sends_some(host: LocalTransport, app: Path) -> None:
    release(app, NEW, {f"bin/{number}": "x" for number in range(300)})
    manifest = app / "releases" / NEW / ".deploy-manifest"
    manifest.write_text(manifest.read_text() + "".join(f"#x ./bin/{number}\n" for number in range(300)))
    live(app, NEW)
    facts = await seen(host, app)
    assert f"{MOST} not executable any more" in facts.drift


async def test_more_changed_files_than_a_host_names_are_drift_too(host: LocalTransport, app: Path) -> None:
    release(app, NEW, {f"lib/{number}": "x" for number in range(MOST + 100)})
    live(app, NEW)
    for file in (app / "releases" / NEW / "lib").iterdir():
        file.write_text("changed")
    facts = await seen(host, app)
    assert "files differ from the release" in facts.drift
    assert not facts.releases[0].whole


async def test_files_that_changed_are_drift_and_not_whole(host: LocalTransport, app: Path) -> None:
    release(app, NEW, {"bin/app": "new", "tmp/pid": "1", "lib/a/__pycache__/x.pyc": "1", ".env": "shipped", "gone": "x"})
    live(app, NEW)
    folder = app / "releases" / NEW
    for name in ("tmp/pid", "lib/a/__pycache__/x.pyc", ".env"):
        (folder / name).write_text("changed")
    expected = {"shared": (".env",), "writes": ("tmp/", "**/__pycache__/", "go*")}
    (folder / "gone").unlink()
    (app / "shared").mkdir()
    (app / "shared" / ".env").touch()
    facts = await seen(host, app, **expected)
    assert (facts.drift, facts.releases[0].whole) == ("", True)
    (folder / "bin" / "app").write_text("hacked")
    facts = await seen(host, app, **expected)
    assert facts.drift == "1 file differs from the release: bin/app"
    assert not facts.releases[0].whole


async def test_a_release_without_files_is_whole(host: LocalTransport, app: Path) -> None:
    release(app, NEW, {})
    live(app, NEW)
    assert (await seen(host, app)).releases[0].whole


async def test_current_changed_by_something_else_is_drift(host: LocalTransport, app: Path) -> None:
    for name in (OLD, NEW):
        release(app, name, {"f": name})
    live(app, OLD, NEW)
    (app / "current").unlink()
    (app / "current").symlink_to(f"releases/{OLD}")
    assert (await seen(host, app)).drift == f"current is {OLD}, the console left {NEW}: something else changed it"


async def test_gone_back_by_hand_is_told_apart(host: LocalTransport, app: Path) -> None:
    for name in (OLD, NEW):
        release(app, name, {"f": name})
    live(app, OLD, NEW)
    assert os.system(f"{release_scripts.quote(str(app / '.deploy' / 'rollback'))} > /dev/null") == 0
    facts = await seen(host, app)
    assert facts.current == OLD
    assert facts.drift.startswith(f"gone back by hand from {NEW} at 2")
    assert ".deploy/rollback" in facts.drift


async def test_a_switch_whose_record_was_cut_is_no_drift(host: LocalTransport, app: Path) -> None:
    for name in (OLD, NEW):
        release(app, name, {"f": name})
    live(app, OLD)
    (app / "current").unlink()
    (app / "current").symlink_to(f"releases/{NEW}")
    (app / ".deploy" / "runs" / RUN).mkdir(parents=True, exist_ok=True)
    (app / ".deploy" / "runs" / RUN / "switching").write_text(f"{NEW} {OLD}\n")
    assert (await seen(host, app)).drift == ""


async def test_what_is_wrong_with_current(host: LocalTransport, app: Path) -> None:
    release(app, NEW, {"f": "x"})
    assert (await seen(host, app)).current_broken == ""
    (app / "current").mkdir()
    assert (await seen(host, app)).current_broken == "current is a folder, not a link"
    (app / "current").rmdir()
    (app / "current").symlink_to("releases/20200101000000")
    assert "20200101000000, which is not there" in (await seen(host, app)).current_broken
    (app / "current").unlink()
    (app / "current").symlink_to("releases/2026\nlock owner: x")
    assert "control characters" in (await seen(host, app)).current_broken
    (app / "current").unlink()
    live(app, NEW)
    (app / "current").unlink()
    assert (await seen(host, app)).current_broken == f"current is missing; the console left {NEW}"


async def test_a_first_release_that_was_taken_back_is_no_fault(host: LocalTransport, app: Path) -> None:
    release(app, NEW, {"f": "x"})
    live(app, NEW)
    (app / ".deploy" / "lock" / EPOCH).mkdir(parents=True)
    assert os.system(f"sh -c {release_scripts.quote(release_scripts.remove_current(str(app), EPOCH, NEW))} > /dev/null") == 0
    facts = await seen(host, app)
    assert (facts.current, facts.current_broken, facts.drift) == ("", "", "")


async def test_a_tree_of_capistranos(host: LocalTransport, app: Path) -> None:
    for name in ("20200101000000", "20200102000000"):
        (app / "releases" / name).mkdir(parents=True)
    (app / "releases" / "20200102000000" / "REVISION").write_text("f" * 40 + "\n")
    assert (await seen(host, app)).current_broken == "current is missing beside releases"
    (app / "current").symlink_to(app / "releases" / "20200102000000")
    facts = await seen(host, app)
    assert (facts.current, facts.current_broken, facts.drift) == ("20200102000000", "", "")
    assert [(found.id, found.whole, found.commit) for found in facts.releases] == [
        ("20200101000000", False, ""),
        ("20200102000000", True, "f" * 40),
    ]


async def test_who_holds_it_and_who_closed_it(host: LocalTransport, app: Path) -> None:
    locks = HostLocks(host)
    holder = LockHolder(by=SafeText("ada"), since=SafeText("2026"), run=RUN, epoch=EPOCH, came_from=SafeText("bastion"))
    await locks.take(HERE, str(app), holder)
    await locks.close_for(HERE, str(app), LockHolder(by=SafeText("eve"), reason=SafeText("disk: mended"), until=SafeText("2027")))
    (app / ".deploy" / "lock" / EPOCH / "heartbeat").write_text(f"{int(time.time()) - 70}\n")
    facts = await seen(host, app)
    assert facts.lock is not None
    assert (facts.lock.by, facts.lock.run, facts.lock.epoch, facts.lock.came_from) == ("ada", RUN, EPOCH, "bastion")
    assert 69 < facts.lock.heartbeat_age < 75
    assert facts.closed is not None
    assert (facts.closed.by, facts.closed.reason, facts.closed.until, facts.closed.run) == ("eve", "disk: mended", "2027", "")


async def test_what_maintenance_left_there(host: LocalTransport, app: Path) -> None:
    assert (await seen(host, app)).maintenance is None
    (app / ".deploy").mkdir(parents=True)
    (app / ".deploy" / "maintenance").write_text("state: on\nby: ada\nsince: noon\nuntil: one\nrun: \nmessage: state: off\n")
    assert (await seen(host, app)).maintenance == HostMaintenance("on", SafeText("ada"), SafeText("noon"), SafeText("one"), SafeText("state: off"))


async def test_missing_shared_files_and_tools_and_sudo(host: LocalTransport, app: Path, tmp_path: Path) -> None:
    sudo = tmp_path / "tools" / "sudo"
    sudo.unlink(missing_ok=True)
    sudo.write_text(
        f'#!/bin/sh\necho "$*" >> {tmp_path}/asked\ncase "$*" in *-T*) echo "sudo: sorry, you are not allowed set a command timeout"; exit 1;;\n'
        '"-n -l") echo "User ada may run the following commands on here:";; *restart*) ;; *) echo "sudo: a password is required"; exit 1;; esac\n'
    )
    sudo.chmod(0o755)
    commands = {"restart": Command("sudo -n systemctl restart 'my shop'"), "stop": Command("systemctl stop shop", run_as="root")}
    facts = await seen(host, app, shared=("log/", ".env", "it's"), commands=commands)
    assert facts.missing_shared == (".env", "it's")
    assert facts.sudo_refused == ("sudo asks for a password: root",)
    asked = ["-n -l systemctl restart my shop", "-n -l", "-n -k -T 60 systemctl restart my shop", "-n -k -u root -- sh -c :"]
    assert (tmp_path / "asked").read_text().splitlines() == asked


async def test_a_missing_tool_is_named(app: Path, tmp_path: Path) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for tool in ("sh", "date", "df", "id", "ls", "readlink", "tail", "gzip", "tar", "sha256sum", "grep", "head"):
        (few / tool).symlink_to("/bin/busybox" if Path("/bin/busybox").exists() else f"/bin/{tool}")
    host = LocalTransport((str(few / "sh"),), {"PATH": str(few), "HOME": str(tmp_path)})
    facts = await seen(host, app)
    assert set(facts.missing_tools) >= {"setsid", "mv", "mv -T"} or facts.missing_tools == ()
    if not facts.missing_tools:
        pytest.skip("this busybox finds its own tools without PATH")


async def test_a_place_that_is_no_folder(host: LocalTransport, app: Path) -> None:
    app.parent.mkdir(parents=True)
    app.write_text("a file")
    assert (await seen(host, app)).not_writable == f"{app} is not a folder"


async def test_a_host_that_is_not_reached_says_why(host: LocalTransport, app: Path) -> None:
    facts = await HostScout(Breaking(host, "never")).look(environment(app), HERE, deadline=60)
    assert (facts.problem, facts.problem_kind) == ("the link was cut by the test", "unreachable")
    assert (await HostScout(LocalTransport(("false",))).look(environment(app), HERE, deadline=60)).problem_kind == "channel"
    assert (await HostScout(Away(host, "never")).look(environment(app), HERE, deadline=60)).problem


async def test_a_look_asks_nothing_of_a_release_to_come(host: LocalTransport, app: Path, tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    sudo = tmp_path / "tools" / "sudo"
    sudo.unlink(missing_ok=True)
    sudo.write_text(f"#!/bin/sh\necho >> {asked}\nexit 1\n")
    sudo.chmod(0o755)
    release(app, OLD, {"a": "one"})
    live(app, OLD)
    fields = {"commands": {"restart": Command("sudo systemctl restart shop")}, "shared": (".env",)}
    looked = await HostScout(host).look(environment(app, **fields), HERE, deadline=60)
    assert not asked.exists()
    examined = await seen(host, app, **fields)
    assert asked.exists()
    assert (looked.current, looked.releases, looked.drift, looked.lock) == (examined.current, examined.releases, examined.drift, examined.lock)
    assert examined.missing_shared
    assert not looked.missing_shared


CHANGED = ((b"a", b""), (b"b", b" open or read"), (b"c", b""), (b"d", b""))


def test_a_captured_look() -> None:
    printed = (
        b"now 1000\nboot 11\nmissing setsid\nblocks /dev/mapper/a b 1000 400 600 40% /\ninodes overlay 0 0 0 - /\n"
        b"who deploy\nunwritable /srv\troot\ncurrent 20261124T071407Z-bbbbbbb\nrelease 20261124T071407Z-bbbbbbb\tmanifest\tabc\tv\x1b[31m2\n"
        b"checked 20261124T071407Z-bbbbbbb\t1\n" + b"".join(b"bad 20261124T071407Z-bbbbbbb\t./%s: FAILED%s\n" % each for each in CHANGED)
    )
    facts = facts_of("web01", printed, 1100.0, 1101.0)
    assert (facts.free, facts.inodes, facts.clock_skew, facts.missing_tools) == (600 * 1024, None, -99.0, ("setsid",))
    assert facts.not_writable == "cannot write to /srv as deploy, which belongs to root"
    assert facts.drift == "4 files differ from the release: a, b, c, …"
    assert facts.releases[0].version == "v2"


@pytest.mark.parametrize(("now", "skew"), [("1000", 0.0), ("1002", 0.0), ("999", 0.0), ("998", -1.5), ("1010", 7.5), ("", None), ("x", None)])
def test_skew_is_what_the_round_trip_cannot_explain(now: str, skew: float | None) -> None:
    assert facts_of("web01", f"now {now}\n".encode(), 999.5 if skew == 0 else 1000.5, 1002.5).clock_skew == skew


def test_a_check_that_could_not_be_made_is_not_whole() -> None:
    printed = b"current 20200101000000\nrelease 20200101000000\tmanifest\t\t\nchecked 20200101000000\t127\n"
    assert not facts_of("web01", printed, 0.0, 1.0).releases[0].whole


def test_garbage_is_no_crash() -> None:
    facts = facts_of("web01", b"\xff\xfe\n\n\nrelease\nhistory x\nlock\nclosed\nnow -\nbad\nswitching\n", 0.0, 1.0)
    assert facts.host == "web01"


@pytest.mark.parametrize(
    ("until", "closed"),
    [("", True), ("2026-11-24T07:14:08Z", True), ("2026-11-24T07:14:07Z", False), ("2026-11-23T00:00:00Z", False), ("next week", True), ("2025", True)],
)
def test_a_note_holds_until_its_end_by_the_hosts_clock(until: str, closed: bool) -> None:
    printed = f"now 1795504447\nclosed owner: eve\nclosed reason: audit\nclosed until: {until}\n".encode()
    assert (facts_of("web01", printed, 0.0, 0.0).closed is not None) is closed


@pytest.mark.parametrize("form", ["releases/{}/", "./releases/{}", "{app}/releases/{}", "releases//{}", "releases/stable", "../it's shop/releases/{}"])
async def test_what_is_live_is_read_however_it_is_linked(host: LocalTransport, app: Path, form: str) -> None:
    release(app, NEW, {"f": "x"})
    (app / "releases" / "stable").symlink_to(NEW)
    (app / "current").symlink_to(form.format(NEW, app=app))
    facts = await seen(host, app)
    assert (facts.current, facts.current_broken, facts.drift) == (NEW, "", "")
    assert [found.id for found in facts.releases] == [NEW]


@pytest.mark.parametrize("name", ["12", "my release", "it's $HOME", "-n", "ünïcode"])
async def test_a_release_of_any_name_is_seen(host: LocalTransport, app: Path, name: str) -> None:
    for each in (name, "lost+found", "empty", "a\nlock owner: x", "a\tb"):
        (app / "releases" / each).mkdir(parents=True)
    (app / "releases" / name / "f").touch()
    (app / "releases" / "a\nlock owner: x" / "f").touch()
    (app / "current").symlink_to(f"releases/{name}")
    facts = await seen(host, app)
    assert (facts.current, [(found.id, found.whole, found.bare) for found in facts.releases]) == (name, [(name, True, True)])
    assert facts.lock is None


async def test_a_release_that_lies_elsewhere_is_seen_by_its_path(host: LocalTransport, app: Path) -> None:
    blue = app.parent / "shop-blue"
    blue.mkdir(parents=True)
    app.mkdir()
    (blue / "f").touch()
    (app / "current").symlink_to("../shop-blue/")
    facts = await seen(host, app)
    assert (facts.current, facts.current_broken) == (str(blue), "")
    (app / "current").unlink()
    looked = await HostScout(host).examine(environment(app), HERE, deadline=60, target=str(blue))
    assert looked.release(str(blue)) is not None


async def test_the_files_of_what_would_be_gone_back_to_are_checked(host: LocalTransport, app: Path) -> None:
    for name in (OLD, NEW):
        release(app, name, {"bin/app": "x", "b": "y"})
    live(app, OLD, NEW)
    (app / "releases" / OLD / "bin" / "app").unlink()
    assert (await seen(host, app)).release(OLD).whole  # type: ignore[union-attr]
    looked = await HostScout(host).examine(environment(app), HERE, deadline=60, target=OLD)
    damaged = looked.release(OLD)
    assert damaged is not None
    assert (damaged.whole, damaged.damage) == (False, "1 file differs from the release: bin/app")
    assert (looked.drift, looked.release(NEW).whole) == ("", True)  # type: ignore[union-attr]


async def test_a_release_of_ours_without_its_manifest_is_damaged(host: LocalTransport, app: Path) -> None:
    release(app, NEW, {"a": "x"})
    live(app, NEW)
    (app / "releases" / NEW / ".deploy-manifest").unlink()
    facts = await seen(host, app)
    assert [(found.whole, found.damage) for found in facts.releases] == [(False, "its manifest is gone")]


def verified(app: Path, shared: tuple[str, ...] = ()) -> Path:
    """A release with links and a program, live and verified; its folder."""
    release(app, NEW, {"bin/ctl": "x", "a": "y", "it's": "z"})
    folder = app / "releases" / NEW
    with (folder / ".deploy-manifest").open("a") as manifest:
        manifest.write("#x ./bin/ctl\n")
    (folder / "bin" / "ctl").chmod(0o755)
    (folder / "vendor").mkdir()
    (folder / "vendor" / "made by install").touch()
    (folder / "hop").symlink_to("a")
    os.system(f"sh -c {release_scripts.quote(release_scripts.link_shared(str(app), NEW, shared))}")
    live(app, NEW)
    os.system(f"sh -c {release_scripts.quote(release_scripts.mark_healthy(str(app), RUN, NEW))}")
    return folder


@pytest.mark.parametrize(
    ("change", "drift", "whole"),
    [
        ("touch added.php", "1 added: added.php", True),
        ("mkdir -p deep/er; touch deep/er/x deep/y vendor/z", "2 added: deep, vendor/z", True),
        ("ln -s /etc/passwd link", "1 added: link", True),
        ("chmod -x bin/ctl", "1 not executable any more: bin/ctl", False),
        ("chmod +x a; chmod 700 vendor", "2 of another mode or kind than it was verified with: a, vendor", True),
        ('rm a; ln -s "it\'s" a', "1 file differs from the release: a", False),
        ("cp -p a b; ln -sf b a", "1 added: b; 1 of another mode or kind than it was verified with: a", True),
        ("ln -sfn nowhere hop", "1 of another mode or kind than it was verified with: hop", True),
        ("rm hop; rm -r vendor", "2 gone: hop, vendor", True),
        ('rm "it\'s"', "1 file differs from the release: it's", False),
        ("rm log; mkdir log; touch log/x", "log is no link to shared/log any more", True),
        ("ln -sfn /tmp log", "log is no link to shared/log any more", True),
        ("rm log", "log is no link to shared/log any more", True),
        ("touch tmp/x cache.d/y; mkdir -p lib/__pycache__; touch lib/__pycache__/x", "1 added: lib", True),
        ("i=0; while [ $i -lt 300 ]; do : > tmp/$i; i=$((i + 1)); done; touch added.php", "1 added: added.php", True),
    ],
)
async def test_what_became_of_a_verified_release_is_drift(host: LocalTransport, app: Path, change: str, drift: str, whole: bool) -> None:
    folder = verified(app, ("log/",))
    fields = {"shared": ("log/",), "writes": ("tmp/", "*.d/", "**/__pycache__/")}
    assert (await seen(host, app, **fields)).drift == ""
    for name in ("tmp", "cache.d"):
        (folder / name).mkdir()
    assert os.system(f"cd {release_scripts.quote(str(folder))} && {change}") == 0
    facts = await seen(host, app, **fields)
    assert (facts.drift, facts.releases[0].whole) == (drift, whole)


async def test_what_the_application_wrote_before_it_was_verified_is_no_drift(host: LocalTransport, app: Path) -> None:
    folder = verified(app)
    (folder / "written").touch()
    (folder / ".deploy-listing").unlink()
    assert (await seen(host, app)).drift == ""
    os.system(f"sh -c {release_scripts.quote(release_scripts.mark_healthy(str(app), RUN, NEW))}")
    (folder / "later").touch()
    assert (await seen(host, app)).drift == "1 added: later"
