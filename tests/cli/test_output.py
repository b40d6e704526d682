"""What a viewer does whose output cannot be written, or is not read: it ends as a viewer, and nothing else does."""

import os
import pty
import signal
import subprocess
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.product import DEPLOY, Product, until

SLOW = "v1.5.1"


@pytest.fixture(scope="module")
def shop() -> Iterator[Product]:
    product = Product()
    yield product
    product.close()


def begun(shop: Product) -> "subprocess.Popen[str]":
    """A run that goes on, with a console that can write."""
    first = shop.start("-c", shop.config, "production", "--yes", "--version", SLOW, "--json")
    until(first.stdout, '"type":"step-started","step":"wave-1/web01/restart"')
    return first


def ended(first: "subprocess.Popen[str]") -> None:
    first.communicate(timeout=300)
    assert first.returncode == 0


@pytest.mark.parametrize("form", ["--plain", "--json"])
def test_a_full_disk_under_the_output_ends_the_viewer_alone(shop: Product, form: str):
    first = begun(shop)
    with open("/dev/full", "w", encoding="utf-8") as full:
        ran = subprocess.run(
            [DEPLOY, "attach", form], env=shop.environ, stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True, timeout=300, check=False
        )
    assert ran.returncode == 7, ran.stderr
    assert "cannot be written: No space left" in ran.stderr
    assert "deploy attach 20" in ran.stderr
    assert "Traceback" not in ran.stderr
    ended(first)
    shop.deploy("-c", shop.config, "rollback", "--yes")


def test_a_reader_that_has_left_ends_the_viewer_alone(shop: Product):
    first = begun(shop)
    viewer = shop.start("attach", "--plain")
    assert viewer.stdout
    viewer.stdout.readline()
    viewer.stdout.close()
    assert viewer.wait(60) == 7
    assert viewer.stderr
    viewer.stderr.close()
    ended(first)
    shop.deploy("-c", shop.config, "rollback", "--yes")


@pytest.mark.parametrize("words", [("status",), ("status", "--json"), ("history",), ("check", "--version", "v1.4.2"), ("engine", "list")])
def test_a_command_whose_answer_cannot_be_written_says_so(shop: Product, words: tuple[str, ...]):
    with open("/dev/full", "w", encoding="utf-8") as full:
        ran = subprocess.run(
            [DEPLOY, "-c", shop.config, *words],
            env=shop.environ,
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=300,
            check=False,
        )
    assert ran.returncode == 1
    assert ran.stderr == "deploy: standard output cannot be written: No space left on device\n"


def until_writing(process: int, number: signal.Signals) -> None:
    """Wait until it minds that signal, and has done nothing for a second: it waits for its terminal."""
    end, before, same = time.monotonic() + 300, "", 0
    while same < 10:
        assert time.monotonic() < end
        time.sleep(0.1)
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        minds = int(Path(f"/proc/{process}/status").read_text().partition("SigCgt:")[2].split()[0], 16) >> (number - 1) & 1
        worked = " ".join(fields[11:13])
        same = same + 1 if minds and fields[0] == "S" and worked == before else 0
        before = worked


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_lines_on_a_terminal_that_is_not_read_end_by_a_signal(shop: Product, number: signal.Signals):
    first = begun(shop)
    master, slave = pty.openpty()
    termios.tcflow(slave, termios.TCOOFF)
    viewer = subprocess.Popen([DEPLOY, "attach", "--json"], env=shop.environ, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
    until_writing(viewer.pid, number)
    viewer.send_signal(number)
    assert viewer.wait(60) == 7
    os.close(slave)
    os.close(master)
    ended(first)
    shop.deploy("-c", shop.config, "rollback", "--yes")


@pytest.mark.parametrize(("words", "code"), [
    (("status",), 0), (("history",), 0), (("engine", "list"), 0), (("events", "last"), 0), (("replay", "last", "--speed", "0"), 0), (("report", "last"), 0),
    (("check", "--strategy", "canary", "--override", "closed=test"), 3),
])  # fmt: skip
def test_a_reader_that_has_left_changes_no_answer(shop: Product, words: tuple[str, ...], code: int):
    shop.deploy("-c", shop.config, "exec", "production", "--hosts", "web01", "--yes", "--", "true")
    ours, theirs = os.pipe()
    os.close(ours)
    ran = subprocess.run(
        [DEPLOY, "-c", shop.config, *words],
        env=shop.environ,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
        timeout=300,
        check=False,
    )
    os.close(theirs)
    assert ran.returncode == code
    assert "Traceback" not in ran.stderr
    assert "cannot be written" not in ran.stderr


def test_a_full_disk_under_what_hosts_print_is_said(shop: Product):
    with open("/dev/full", "w", encoding="utf-8") as full:
        ran = subprocess.run(
            [DEPLOY, "-c", shop.config, "exec", "production", "--hosts", "web01", "--yes", "--", "echo one; sleep 1000"],
            env=shop.environ, stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True, timeout=300, check=False,
        )  # fmt: skip
    assert ran.returncode == 130
    assert "cannot be written: No space left on device: what still ran on the hosts was ended" in ran.stderr


def test_what_is_quiet_ends_with_its_reader_too(shop: Product):
    following = shop.start("-c", shop.config, "exec", "production", "--hosts", "web01", "--yes", "--", "echo begun; sleep 600")
    until(following.stdout, "begun")
    assert following.stdout
    following.stdout.close()
    assert following.wait(60) == 130
    assert following.stderr
    following.stderr.close()


@pytest.mark.parametrize("more", [(), ("--json",)], ids=["plain", "json"])
@pytest.mark.parametrize("words", [
    ("lock", "production", "--reason", "audit"), ("unlock", "production", "--reason", "over", "--yes"), ("trust", "production", "--yes"),
    ("engine", "stop", "--json"),
])  # fmt: skip
def test_a_full_disk_under_an_answer_changes_no_code(shop: Product, words: tuple[str, ...], more: tuple[str, ...]):
    with open("/dev/full", "w", encoding="utf-8") as full:
        ran = subprocess.run(
            [DEPLOY, "-c", shop.config, *words, *more], env=shop.environ, stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True, timeout=300,
            check=False,
        )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "standard output cannot be written" in ran.stderr
