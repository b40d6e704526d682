"""What is left on a host for whoever stands there without the console: what is live, where it would go back, and the script that goes."""

import os
import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.host import by_hand
from console.core.host.by_hand import LIVE, guide, typed
from console.model.configured_environment import Environment
from console.model.host import Host, Ssh
from tests.core.shells import Shell

RUN = "20261124T071407Z-production-3f2a"
A, B, C = "20261101T000000Z-aaaaaaa", "20261102T000000Z-bbbbbbb", "20261103T000000Z-ccccccc"


@pytest.fixture
def app(sh: Shell) -> Path:
    """An application's folder with three releases; scripts begin in it."""
    for release in (A, B, C):
        (sh.folder / "releases" / release).mkdir(parents=True)
    (sh.folder / ".deploy").mkdir()
    return sh.folder


def live(sh: Shell) -> list[str]:
    """What is live, and how `current` is written."""
    return sh.said(f'set -eu\n{LIVE}live\nprintf \'%s\\n\' "$live" "$link"')


def told(app: Path, *changes: tuple[str, ...]) -> None:
    """Write the history: what, release, before, how `current` was written."""
    lines = ["\t".join(("2026-11-24T07:14:07Z", RUN, *change)) + "\n" for change in changes]
    (app / ".deploy" / "history").write_text("".join(lines))


@pytest.mark.parametrize(
    ("link", "is_live"),
    [
        (f"releases/{A}", A), (f"./releases/{A}/", A), (f"releases//{A}", A), ("{app}/releases/" + A, A), ("releases/stable", A), ("releases/my release", "my release"),
        ("{app}/../blue", "{out}/blue"), (f"releases/{A}/public", "{app}/releases/" + f"{A}/public"), ("releases", "{app}/releases"), ("releases/-", "{app}/releases/-"),
        ("releases/gone", "releases/gone"), ("/nowhere", "/nowhere"),
    ],
)  # fmt: skip
def test_what_is_live_however_the_link_is_written(sh: Shell, app: Path, link: str, is_live: str):
    (app / "releases" / "stable").symlink_to(A)
    for name in ("my release", "-"):
        (app / "releases" / name).mkdir()
    (app / "releases" / A / "public").mkdir()
    (app.parent / "blue").mkdir()
    written = link.format(app=app)
    (app / "current").symlink_to(written)
    assert live(sh) == [is_live.format(app=app.resolve(), out=app.parent.resolve()), written]


@pytest.mark.parametrize("kind", ["nothing", "a folder", "a file"])
def test_where_current_is_no_link_nothing_is_live(sh: Shell, app: Path, kind: str):
    if kind == "a folder":
        (app / "current").mkdir()
    elif kind == "a file":
        (app / "current").write_text("x")
    assert live(sh) == ["", ""]


@pytest.mark.parametrize(
    ("release", "history", "target"),
    [
        (A, (), f"releases/{A}"),
        (A, (("switch", B, A),), f"releases/{A}"),
        (A, (("switch", B, A, f"./releases/{A}"),), f"./releases/{A}"),
        (A, (("rollback", B, A, f"./releases/{A}"),), f"./releases/{A}"),
        (A, (("rollback-by-hand", B, A, f"./releases/{A}"),), f"./releases/{A}"),
        (A, (("healthy", B, A, f"./releases/{A}"),), f"releases/{A}"),
        (A, (("switch", B, C, f"./releases/{A}"),), f"releases/{A}"),
        (A, (("switch", B, A, f"./releases/{A}"), ("switch", C, A)), f"releases/{A}"),
        (A, (("switch", B, A), ("switch", C, A, f"./releases/{A}")), f"./releases/{A}"),
        (A, (("switch", B, A, f"releases/{B}"),), f"releases/{A}"),
        (A, (("switch", B, A, "releases/gone"),), f"releases/{A}"),
        ("{app}/releases/" + A, (), "{app}/releases/" + A),
    ],
    ids=["no history", "as the console writes it", "as it was read", "before a roll back", "before one by hand", "not a change", "of another", "the last one counts",
         "the last one counts, read", "leads elsewhere", "leads nowhere", "absolute"],
)  # fmt: skip
def test_how_current_was_written_when_a_release_was_live(sh: Shell, app: Path, release: str, history, target: str):
    if history:
        told(app, *history)
    name = release.format(app=app)
    assert sh.said(f'set -eu\n{LIVE}as_read {shlex.quote(name)}\necho "$target"') == [target.format(app=app)]


BACK_TO = by_hand._BACK_TO


@pytest.mark.parametrize(
    ("is_live", "history", "back"),
    [
        ("", (), ""),
        (A, (), ""),
        (A, (("switch", A, "-"),), ""),
        (B, (("switch", A, "-"), ("switch", B, A)), A),
        (B, (("switch", B, A),), A),
        (C, (("switch", A, "-"), ("healthy", A, "-"), ("switch", B, A), ("switch", C, B)), A),
        (C, (("switch", A, "-"), ("healthy", A, "-"), ("switch", B, A), ("healthy", B, "-"), ("switch", C, B)), B),
        (C, (("switch", A, "-"), ("switch", B, A), ("switch", C, B)), B),
        (B, (("switch", A, "-"), ("healthy", A, "-"), ("switch", B, A), ("healthy", B, "-")), A),
        (A, (("switch", A, "-"), ("healthy", A, "-"), ("switch", B, A), ("healthy", B, "-"), ("rollback", A, B)), ""),
        (A, (("switch", A, C), ("healthy", A, "-"), ("switch", B, A), ("healthy", B, "-"), ("rollback", A, B)), C),
        (A, (("switch", A, C), ("switch", B, A), ("healthy", B, "-"), ("rollback-by-hand", A, B), ("switch", B, A), ("healthy", B, "-"), ("rollback", A, B)), C),
        (C, (("switch", B, A), ("healthy", B, "-"), ("rollback", A, B), ("switch", B, A), ("healthy", B, "-"), ("switch", C, B)), B),
        (B, (("switch", B, "gone"),), ""),
        (B, (("switch", B, "/nowhere"),), ""),
        (B, (("switch", B, "{out}/blue"),), "{out}/blue"),
        (C, (("switch", B, A), ("switch", C, B)), A),
    ],
    ids=["empty", "no history", "a first release", "the one before", "adopted", "the last healthy", "the newer healthy", "none healthy", "not itself",
         "taken back", "taken back, further", "taken back twice", "taken back and verified since", "not there", "nowhere", "elsewhere", "good before the console"],
)  # fmt: skip
def test_where_a_host_would_go_back_to(sh: Shell, app: Path, is_live: str, history, back: str):
    (app.parent / "blue").mkdir()
    if history:
        told(app, *(tuple(part.format(out=app.parent) for part in change) for change in history))
    script = f'set -eu\n{LIVE}{BACK_TO}live={shlex.quote(is_live)}\nback_to\necho "$back"'
    assert sh.said(script) == [back.format(out=app.parent)]


def left(sh: Shell, app: Path, release: str, was: str, restart: str = "systemctl restart shop") -> None:
    """Leave the guide, as a switch to that release does."""
    head = f"set -eu\ncd -- {shlex.quote(str(app))}\nrun={RUN} release={shlex.quote(release)} live={shlex.quote(was)}\n"
    sh.said(f"{head}{LIVE}{guide(str(app), restart)}guide")


def back(sh: Shell, app: Path, *words: str):
    return sh.run(f"cd /\n{shlex.join([str(app / '.deploy' / 'rollback'), *words])}")


@pytest.fixture
def switched(sh: Shell, app: Path) -> Path:
    """A host on which B is live, A was, and the guide was left."""
    told(app, ("switch", A, "-"), ("healthy", A, "-"), ("switch", B, A))
    (app / "current").symlink_to(f"releases/{B}")
    left(sh, app, B, A)
    return app


def test_the_guide_is_a_script_and_a_readme_and_nothing_half_done(sh: Shell, switched: Path):
    assert sorted(path.name for path in (switched / ".deploy").iterdir()) == ["README", "history", "rollback"]
    assert (switched / ".deploy" / "rollback").stat().st_mode & 0o777 == 0o755
    readme = (switched / ".deploy" / "README").read_text()
    assert f"Written at the switch of run {RUN}:\n  live    {B}\n  before  {A}\n" in readme


def test_a_first_release_has_nothing_before_it(sh: Shell, app: Path):
    told(app, ("switch", A, "-"))
    left(sh, app, A, "")
    assert "before  none that this host could go back to" in (app / ".deploy" / "README").read_text()


def test_leaving_the_guide_forgets_nothing_of_what_was_live(sh: Shell, app: Path):
    head = f"set -eu\ncd -- {shlex.quote(str(app))}\nrun={RUN} release={B} live={A}\n"
    assert sh.said(f"{head}{LIVE}{guide(str(app), '')}guide\necho $live") == [A]


def test_the_script_goes_back_and_says_what_to_do(sh: Shell, switched: Path):
    ran = back(sh, switched)
    assert ran.returncode == 0, ran
    assert os.readlink(switched / "current") == f"releases/{A}"
    assert ran.stdout == f"{A} is live, {B} was.\nWhat runs still runs the old code. Restart it now:\nsystemctl restart shop\n"
    line = (switched / ".deploy" / "history").read_text().splitlines()[-1].split("\t")
    assert line[2:] == ["rollback-by-hand", A, B]
    assert line[0].endswith("Z")
    assert sorted(path.name for path in (switched / ".deploy").iterdir()) == ["README", "history", "rollback"]


def test_who_went_back_is_written_down(sh: Shell, switched: Path):
    sh.tool("id", "[ $1 = -un ] && echo ada")
    back(sh, switched)
    assert (switched / ".deploy" / "history").read_text().splitlines()[-1].split("\t")[1] == "ada"


@pytest.mark.parametrize(("variables", "by"), [({"LOGNAME": "lin"}, "lin"), ({}, "somebody")], ids=["by LOGNAME", "nobody knows"])
def test_where_the_system_does_not_know_who_it_is(sh: Shell, switched: Path, variables: dict[str, str], by: str):
    sh.tool("id", "exit 1")
    ran = sh.run(str(switched / ".deploy" / "rollback"), **variables)
    assert ran.returncode == 0, ran
    assert (switched / ".deploy" / "history").read_text().splitlines()[-1].split("\t")[1] == by


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ((A,), 0, f"{A} is live, {B} was."),
        ((C,), 0, f"{C} is live, {B} was."),
        (("--force", C), 0, f"{C} is live, {B} was."),
        ((B,), 0, f"{B} is live already"),
        (("gone",), 1, "releases/gone is not there"),
        (("/nowhere",), 1, "/nowhere is not there"),
        (("../etc",), 1, "../etc is not the name of a release"),
        (("a/b",), 1, "a/b is not the name of a release"),
        ((".hidden",), 1, ".hidden is not the name of a release"),
        (("-",), 1, f"no release is known that {B} could go back to"),
    ],
)
def test_a_release_may_be_named(sh: Shell, switched: Path, words: tuple[str, ...], code: int, says: str):
    ran = back(sh, switched, *words)
    assert ran.returncode == code
    assert says in (ran.stderr if code else ran.stdout)
    if code:
        assert os.readlink(switched / "current") == f"releases/{B}"


def test_a_release_elsewhere_is_gone_back_to_by_its_path(sh: Shell, switched: Path):
    (switched.parent / "blue").mkdir()
    assert back(sh, switched, str(switched.parent / "blue")).returncode == 0
    assert os.readlink(switched / "current") == str(switched.parent / "blue")


def test_current_is_written_as_it_was(sh: Shell, switched: Path):
    told(switched, ("switch", B, A, f"./releases/{A}/"))
    assert back(sh, switched).returncode == 0
    assert os.readlink(switched / "current") == f"./releases/{A}/"


def test_nothing_is_known_to_go_back_to(sh: Shell, switched: Path):
    told(switched, ("switch", B, "-"))
    ran = back(sh, switched)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == f"no release is known that {B} could go back to; name one: ls releases, then .deploy/rollback RELEASE\n"


def test_a_host_that_a_run_holds_is_left_alone_unless_it_is_forced(sh: Shell, switched: Path):
    (switched / ".deploy" / "lock" / f"{RUN}.1").mkdir(parents=True)
    ran = back(sh, switched)
    assert ran.returncode == 1
    assert ran.stderr == f"a run holds this host: {RUN}.1. End it first (deploy abort), or go on with: .deploy/rollback --force\n"
    assert os.readlink(switched / "current") == f"releases/{B}"
    assert back(sh, switched, "--force").returncode == 0
    assert os.readlink(switched / "current") == f"releases/{A}"


def test_a_current_that_is_no_link_is_left_alone(sh: Shell, switched: Path):
    (switched / "current").unlink()
    (switched / "current").mkdir()
    ran = back(sh, switched, A)
    assert (ran.returncode, ran.stderr) == (1, "current is not a link: nothing was switched\n")
    assert (switched / "current").is_dir()


def test_a_host_without_current_gets_one(sh: Shell, switched: Path):
    (switched / "current").unlink()
    ran = back(sh, switched, A)
    assert ran.stdout.startswith(f"{A} is live, nothing was.")
    assert os.readlink(switched / "current") == f"releases/{A}"
    assert (switched / ".deploy" / "history").read_text().splitlines()[-1].endswith(f"\t{A}\t-")


def test_a_history_that_cannot_be_written_is_said_and_the_host_is_back(sh: Shell, switched: Path):
    (switched / ".deploy" / "history").unlink()
    (switched / ".deploy" / "history").mkdir()
    ran = back(sh, switched, A)
    assert ran.returncode == 0
    assert "this could not be written into .deploy/history" in ran.stdout + ran.stderr
    assert os.readlink(switched / "current") == f"releases/{A}"


def test_room_is_given_up_on_a_full_disk(sh: Shell, switched: Path):
    (switched / ".deploy" / "reserve").mkdir()
    script = switched / ".deploy" / "rollback"
    script.write_text(script.read_text().replace("set -eu\n", 'set -eu\nprintf() { case $1 in %8192s) return 1 ;; esac; command printf "$@"; }\n', 1))
    assert back(sh, switched).returncode == 0
    assert not (switched / ".deploy" / "reserve").exists()


@pytest.mark.parametrize(
    ("restart", "shown"),
    [
        ("systemctl restart shop", "systemctl restart shop"), ("", "(no restart command is configured)"), ("\n\n", "(no restart command is configured)"),
        ("it's $HOME `x` \\ %s", "it's $HOME `x` \\ %s"), ("one\ntwo", "one\ntwo"), ("a\nRESTART\nrm -rf x", "a\n RESTART\nrm -rf x"), ("\nshop\n", "shop"),
        ("@PATH@ @README@ @OTHER@", "@PATH@ @README@ @OTHER@"),
    ],
)  # fmt: skip
def test_the_command_is_shown_as_it_is_and_never_run(sh: Shell, app: Path, restart: str, shown: str):
    told(app, ("switch", A, "-"), ("switch", B, A))
    (app / "current").symlink_to(f"releases/{B}")
    left(sh, app, B, A, restart)
    ran = back(sh, app)
    assert ran.stdout.partition("Restart it now:\n")[2] == f"{shown}\n"


def test_any_folder_is_gone_back_in(sh: Shell, tmp_path: Path):
    app = tmp_path / "it's $HOME @LIVE@ shop"
    for release in (A, B):
        (app / "releases" / release).mkdir(parents=True)
    (app / ".deploy").mkdir()
    told(app, ("switch", B, A))
    (app / "current").symlink_to(f"releases/{B}")
    left(sh, app, B, A)
    assert back(sh, app).returncode == 0
    assert os.readlink(app / "current") == f"releases/{A}"


HOSTS = (Host("web01", "10.0.0.1", user="ada"), Host("web02", jump="gate"), Host("localhost"), Host("gate", "10.0.0.9", 2222))


def shop(path: str = "/srv/shop", jumps: tuple[Host, ...] = (), **ssh) -> Environment:
    return Environment("shop", "production", path, HOSTS, ssh=Ssh(**ssh), jumps=jumps)


@pytest.mark.parametrize(
    ("environment", "host", "words"),
    [
        (shop(), Host("web03"), ["ssh", "web03"]),
        (shop(), Host("web03", "10.0.0.3"), ["ssh", "10.0.0.3"]),
        (shop(), Host("web03", user="ada"), ["ssh", "ada@web03"]),
        (shop(user="deploy"), Host("web03"), ["ssh", "deploy@web03"]),
        (shop(user="deploy"), Host("web03", user="ada"), ["ssh", "ada@web03"]),
        (shop(port=2200), Host("web03"), ["ssh", "-p", "2200", "web03"]),
        (shop(port=2200), Host("web03", port=22), ["ssh", "-p", "22", "web03"]),
        (shop(identity="/my keys/id"), Host("web03"), ["ssh", "-i", "/my keys/id", "web03"]),
        (shop(known_hosts=("/a b", "/c")), Host("web03"), ["ssh", "-o", "UserKnownHostsFile=/a b /c", "web03"]),
        (shop(jump="gate"), Host("web03"), ["ssh", "-J", "10.0.0.9:2222", "web03"]),
        (shop(jump="other"), Host("web03", jump="gate"), ["ssh", "-J", "10.0.0.9:2222", "web03"]),
        (shop(user="deploy"), Host("web03", jump="web01"), ["ssh", "-J", "ada@10.0.0.1", "deploy@web03"]),
        (shop(), Host("web03", jump="me@far:22"), ["ssh", "-J", "me@far:22", "web03"]),
        (shop(jumps=(Host("bastion", "9.9.9.9", 22, "lin"),)), Host("web03", jump="bastion"), ["ssh", "-J", "lin@9.9.9.9:22", "web03"]),
        (shop(port=2200), Host("web03", jump="web02"), ["ssh", "-p", "2200", "-J", "web02:2200", "web03"]),
        (shop(jumps=(Host("gate", "jump.example.net"),)), Host("web03", jump="gate"), ["ssh", "-J", "jump.example.net", "web03"]),
    ],
)
def test_what_is_typed_at_this_terminal_to_take_a_host_back(environment: Environment, host: Host, words: list[str]):
    assert shlex.split(typed(environment, host)) == [*words, "/srv/shop/.deploy/rollback"]


def test_a_release_and_a_folder_are_words_of_the_shell_there():
    there = shlex.split(typed(shop("/srv/my shop"), Host("web03"), "my release"))[-1]
    assert shlex.split(there) == ["/srv/my shop/.deploy/rollback", "my release"]


def test_the_machine_itself_needs_no_ssh():
    assert typed(shop(user="deploy", port=22), HOSTS[2], "r1") == "/srv/shop/.deploy/rollback r1"


@given(
    st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1),
    st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",))),
)
def test_whatever_path_and_release_are_called_they_stay_one_word_each(path: str, release: str):
    environment, host = shop(f"/{path}"), Host("web03")
    there = shlex.split(typed(environment, host, release))[-1]
    assert shlex.split(there) == [f"{environment.path_on(host)}/.deploy/rollback", *([release] if release else [])]
