"""What is said of a folder that cannot be written, and what to type."""

import subprocess
from pathlib import Path

import pytest

from console.core.host.shell import quote
from console.core.host.writable import LOOK, is_narrow, refusal_of


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


@pytest.mark.parametrize(("umask", "narrow"), [("0022", False), ("0027", False), ("0002", False), ("0077", True), ("0177", True), ("", False), ("u=rwx", False)])
def test_a_umask_that_keeps_all_others_out(umask: str, narrow: bool):
    assert is_narrow(umask) == narrow


def look(at: str, *, mount: str = "") -> list[str]:
    begin = f"say() {{ printf '%s %s\\n' \"$1\" \"$2\"; }}\np={quote(at)} n={quote(str(Path(at).parent))}\n"
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
