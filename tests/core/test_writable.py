"""What is said of a folder that cannot be written, and what to type."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.core.host.shell import quote
from console.core.host.writable import LOOK, is_narrow, refusal_of
from tests.core.shells import SAY, Shell


@pytest.mark.parametrize(
    ("said", "words", "hint"),
    [
        (("/srv/shop", "", "", ()), "/srv/shop is not a folder", "sudo mv /srv/shop /srv/shop.old && sudo install -d -o ada /srv/shop"),
        (("", "/srv", "", ()), "/srv is mounted read-only", "sudo mount -o remount,rw /srv, once dmesg says that the disk is sound"),
        (("", "", "/srv", ()), "/srv/shop is not there, and ada cannot write to /srv", "sudo install -d -o ada /srv/shop"),
        (
            ("", "", "", ("/srv/shop/releases\tlin", "/srv/shop/.deploy/history\tlin")),
            "cannot write to /srv/shop/releases, /srv/shop/.deploy/history as ada, which belong to lin",
            "sudo chown -R ada /srv/shop/releases /srv/shop/.deploy/history; or let every console use one login there (user)",
        ),
        (("", "", "", ("/srv/my shop\tada",)), "cannot write to /srv/my shop as ada", "sudo chown -R ada '/srv/my shop'"),
        (("", "", "", ()), "", ""),
    ],
)
def test_each_refusal_has_its_words_and_what_to_type(said, words: str, hint: str):
    assert refusal_of("/srv/shop", "ada", *said) == (words, hint)


@pytest.mark.parametrize(
    ("umask", "narrow"), [("0022", False), ("0027", False), ("0002", False), ("0077", True), ("0177", True), ("", False), ("u=rwx", False)]
)
def test_a_umask_that_keeps_all_others_out(umask: str, narrow: bool):
    assert is_narrow(umask) == narrow


def look(at: str, *, mount: str = "") -> list[str]:
    begin = f'say() {{ printf \'%s %s\\n\' "$1" "$2"; }}\np={quote(at)} n={quote(str(Path(at).parent))}\n'
    script = f"{mount}\n{begin}{LOOK}"
    ran = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, check=True)
    return [line for line in ran.stdout.splitlines() if not line.startswith(("who ", "umask "))]


@pytest.mark.real
def test_a_file_system_that_is_read_only(tmp_path: Path):
    shop = tmp_path / "srv" / "shop"
    shop.mkdir(parents=True)
    srv = quote(str(shop.parent))
    assert look(str(shop)) == []
    assert look(str(shop), mount=f"mount -t tmpfs -o ro none {srv}") == [f"readonly {shop.parent}"]
    assert look(str(shop), mount=f"mount -t tmpfs none {srv}; mkdir {srv}/shop; mount -o remount,ro {srv}") == [f"readonly {shop.parent}"]
    assert look(str(shop), mount=f"mount -t tmpfs none {srv}") == []


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        (("/f", "/r", "/u", ("/w\tlin",)), "/f is not a folder"), (("", "/r", "/u", ("/w\tlin",)), "/r is mounted read-only"),
        (("", "", "/u", ("/w\tlin",)), "/srv/shop is not there, and ada cannot write to /u"), (("", "", "", ("/w\tlin",)), "cannot write to /w as ada, which belongs to lin"),
    ],
)  # fmt: skip
def test_what_is_behind_the_other_refusals_is_said_first(said, refusal: str):
    assert refusal_of("/srv/shop", "ada", *said).words == refusal


@pytest.mark.parametrize(
    ("unwritable", "words", "hint"),
    [
        (("/a\t",), "cannot write to /a as ada", "sudo chown -R ada /a"),
        (("/a\tada",), "cannot write to /a as ada", "sudo chown -R ada /a"),
        (("/a\tlin", "/a\tlin"), "cannot write to /a as ada, which belongs to lin", "sudo chown -R ada /a; or let every console use one login there (user)"),
        (
            ("/a\tlin", "/b\troot"),
            "cannot write to /a, /b as ada, which belong to lin, root",
            "sudo chown -R ada /a /b; or let every console use one login there (user)",
        ),
        (
            ("/b\troot", "/a\tada"),
            "cannot write to /b, /a as ada, which belong to root",
            "sudo chown -R ada /b /a; or let every console use one login there (user)",
        ),
        (tuple(f"/{name}\t" for name in "abcde"), "cannot write to /a, /b, /c, /d as ada", "sudo chown -R ada /a /b /c /d /e"),
    ],
    ids=["nobody's", "one's own", "twice", "of two", "of one and one's own", "many"],
)
def test_what_cannot_be_written_is_named_with_whom_it_belongs_to(unwritable: tuple[str, ...], words: str, hint: str):
    assert refusal_of("/srv/shop", "ada", "", "", "", unwritable) == (words, hint)


def test_what_is_to_be_typed_is_words_of_a_shell():
    assert refusal_of("/srv/my shop", "a'da", "", "", "/srv", ()).hint == "sudo install -d -o 'a'\"'\"'da' '/srv/my shop'"
    assert refusal_of("/srv", "ada", "/my file", "", "", ()).hint == "sudo mv '/my file' '/my file.old' && sudo install -d -o ada '/my file'"
    assert refusal_of("/srv", "ada", "", "/my disk", "", ()).hint.startswith("sudo mount -o remount,rw '/my disk', once")


@pytest.mark.parametrize(
    ("umask", "narrow"),
    [
        ("77", True),
        ("0055", True),
        ("0057", True),
        ("0050", False),
        ("0005", False),
        ("0044", False),
        ("0000", False),
        ("777", True),
        ("-77", False),
        (" 077", False),
    ],
)
def test_a_umask_is_narrow_where_neither_group_nor_others_may_read_and_enter(umask: str, narrow: bool):
    assert is_narrow(umask) is narrow


def asked(sh: Shell, app: Path, then: str = "", nearest: Path | None = None) -> dict[str, list[str]]:
    """What is said of an application's folder, by word."""
    begin = f"p={quote(str(app))} n={quote(str(nearest or app.parent))}\n"
    said: dict[str, list[str]] = {}
    for line in sh.said(f"{SAY}{begin}{LOOK}\n{then}"):
        word, _, rest = line.partition(" ")
        said.setdefault(word, []).append(rest)
    return said


def test_who_asks_and_with_which_umask(sh: Shell):
    said = sh.said(f"{SAY}umask 0027\np=/ n=/\n{LOOK}")
    assert said[0].startswith("who ")
    assert said[1] == "umask 0027"


def test_a_login_without_a_name_is_a_number(sh: Shell):
    sh.tool("id", '[ "$1" != -un ] || exit 1; echo 1234')
    assert asked(sh, sh.folder)["who"] == ["1234"]


def test_a_folder_that_can_be_written_and_all_in_it_is_quiet(sh: Shell):
    for name in ("releases", ".deploy/staging", ".deploy/runs", ".deploy/lock", "shared"):
        (sh.folder / name).mkdir(parents=True, exist_ok=True)
    (sh.folder / ".deploy" / "history").write_text("")
    assert set(asked(sh, sh.folder)) == {"who", "umask"}


def test_a_folder_that_is_not_there_can_be_made_where_the_one_above_can_be_written(sh: Shell):
    assert set(asked(sh, sh.folder / "shop")) == {"who", "umask"}


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_folder_that_is_none_is_said(sh: Shell, kind: str):
    if kind == "file":
        (sh.folder / "shop").write_text("x")
    else:
        (sh.folder / "shop").symlink_to("nowhere")
    assert asked(sh, sh.folder / "shop")["nofolder"] == [str(sh.folder / "shop")]


def test_what_a_disk_that_is_read_only_says(sh: Shell):
    sh.tool("df", 'echo "Filesystem 1024-blocks Used Available Capacity Mounted on"; echo "proc 9 9 0 99% /proc/of/tests"')
    mounts = sh.folder / "mounts"
    mounts.write_text("none /other ext4 ro 0 0\nnone /proc/of/tests ext4 nosuid,ro,relatime 0 0\n")
    begin = f"p={quote(str(sh.folder))} n=/\n"
    look = LOOK.replace("/proc/self/mounts", str(mounts))
    assert sh.said(f"{SAY}{begin}{look}")[2:] == ["readonly /proc/of/tests"]
    mounts.write_text("none /proc/of/tests ext4 rw,errors=remount-ro 0 0\n")
    assert sh.said(f"{SAY}{begin}{look}")[2:] == []


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every login may enter; pytest's own is for its user alone."""
    with tempfile.TemporaryDirectory(prefix="deploy-writable-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be another login")
@pytest.mark.parametrize(
    ("closed", "said"),
    [
        ((".",), ["unwritable {app}\troot"]),
        (("releases",), ["unwritable {app}/releases\troot"]),
        ((".deploy/history",), ["unwritable {app}/.deploy/history\troot"]),
        ((".deploy/runs", ".deploy/lock", ".deploy/staging"), ["unwritable {app}/.deploy/staging\troot", "unwritable {app}/.deploy/runs\troot", "unwritable {app}/.deploy/lock\troot"]),
        ((".deploy",), ["unwritable {app}/.deploy\troot"]),
    ],
    ids=["the folder", "releases", "history", "several", "the console's own"],
)  # fmt: skip
def test_what_another_login_cannot_write_is_said_with_its_owner(open_folder: Path, closed: tuple[str, ...], said: list[str]):
    app = open_folder / "shop"
    for name in ("releases", ".deploy/staging", ".deploy/runs", ".deploy/lock"):
        (app / name).mkdir(parents=True)
    (app / ".deploy" / "history").write_text("")
    for path in (app, *app.rglob("*")):
        os.chown(path, 0 if str(path.relative_to(app)) in closed else 65534, -1)
        path.chmod(0o755)
    script = f"{SAY}p={quote(str(app))} n={quote(str(open_folder))}\n{LOOK}"
    ran = subprocess.run(["sh", "-s"], input=script, capture_output=True, text=True, check=True, user=65534, group=65534, extra_groups=[])
    lines = [line for line in ran.stdout.splitlines() if not line.startswith(("who", "umask"))]
    assert lines == [line.format(app=app) for line in said]


@pytest.mark.parametrize("there", ["shared/log", "shared", ""], ids=["there", "its folder is", "nothing is"])
def test_a_shared_folder_that_can_be_made_is_quiet(sh: Shell, there: str):
    app = sh.folder / "shop"
    (app / there).mkdir(parents=True)
    assert set(asked(sh, app, "made log")) == {"who", "umask"}
