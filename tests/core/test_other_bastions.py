"""What is said where machines that share a record reach the same hosts by different keys."""

import pytest

from console.core.checks.other_bastions import assess_bastions, not_compared
from console.errors import ConsoleError
from console.model.bastions import Bastion, SshSeen
from console.model.checks import Check
from console.model.values import changed
from console.safe_text import SafeText

WELL = SshSeen("ssh-ed25519 SHA256:one", ("SHA256:one",), "SHA256:mine")
SEEN = "2026-11-30T14:22:10Z"


def other(seen: SshSeen, name: str = "lin on bastion-b") -> Bastion:
    return Bastion("b", SafeText(name), SEEN, {"web01": seen})


@pytest.mark.parametrize(
    ("here", "there", "words", "hint"),
    [
        (WELL, SshSeen("ssh-ed25519 SHA256:two", ("SHA256:two",)), "was shown other keys than this machine: web01 (ssh-ed25519 SHA256:two there, ssh", "ssh-keygen -l"),
        (WELL, SshSeen(problem="unknown-key"), "knows no key of web01 (shows ssh-ed25519 SHA256:one here)", "on that machine, once you know why: deploy trust production"),
        (WELL, SshSeen(problem="changed-key"), "knows another key than the one that is shown here of web01 (ssh-ed25519 SHA256:one)", "trust production --hosts web01"),
        (SshSeen(problem="unknown-key"), WELL, "a key which this machine does not know, of web01 (ssh-ed25519 SHA256:one)", "deploy trust production --hosts web01"),
        (SshSeen(problem="changed-key"), WELL, "a key which this machine does not know, of web01 (ssh-ed25519 SHA256:one)", "compare it with what the host shows"),
        (WELL, SshSeen(problem="login"), "is not let in by web01 (this machine is, with SHA256:mine)", "public key of that machine into authorized_keys on web01"),
        (SshSeen(problem="login"), WELL, "this machine is not let in by web01 (lin on bastion-b is, with SHA256:mine)", "public key of this machine"),
    ],
)  # fmt: skip
def test_what_differs_is_said_with_what_to_type(here: SshSeen, there: SshSeen, words: str, hint: str):
    check = assess_bastions("production", {"web01": here}, (other(there),))
    assert (check.status, check.blocks) == ("warning", False)
    assert words in check.detail
    assert hint in check.remedy


@pytest.mark.parametrize(
    ("there", "words"),
    [
        (WELL, "lin on bastion-b (2026-11-30 14:22 UTC) knows the same keys of 1 host, and logs in with the same key"),
        (SshSeen("ssh-ed25519 SHA256:one", ("SHA256:one",), "SHA256:hers"), "logs in with another key: SHA256:hers; this machine with SHA256:mine"),
        (SshSeen("ssh-rsa SHA256:rsa", ("SHA256:one", "SHA256:rsa")), "knows the same keys of 1 host"),
        (SshSeen(problem="unreachable"), "no host was reached both from here and by lin on bastion-b"),
    ],
)
def test_what_fits_or_was_not_tried_is_no_difference(there: SshSeen, words: str):
    check = assess_bastions("production", {"web01": WELL}, (other(there),))
    assert (check.status, words in check.detail) == ("passed", True), check.detail


def test_hosts_of_which_the_same_is_to_be_said_are_named_together():
    names = [f"web{number:02}" for number in range(1, 9)]
    refused = Bastion("b", SafeText("lin on bastion-b"), SEEN, dict.fromkeys(names, SshSeen(problem="login")))
    check = assess_bastions("production", dict.fromkeys(names, WELL), (refused,))
    assert "is not let in by web01, web02, web03, web04, web05 and 3 more (this machine is, with SHA256:mine)" in check.detail
    unknown = Bastion("b", SafeText("lin on bastion-b"), SEEN, dict.fromkeys(names, WELL))
    check = assess_bastions("production", dict.fromkeys(names, SshSeen(problem="unknown-key")), (unknown,))
    assert check.remedy.endswith("deploy trust production --hosts '*'")


def test_nothing_is_said_of_nobody_and_what_cannot_be_compared_says_why():
    assert assess_bastions("production", {"web01": WELL}, ()) is None
    check = not_compared(ConsoleError("its tables are older", "deploy engine migrate"))
    assert (check.status, check.detail, check.remedy) == ("warning", "not compared: its tables are older", "deploy engine migrate")


TITLE = SafeText("SSH of other bastions")
FITS = "knows the same keys of 1 host, and logs in with the same key"


def test_each_verdict_is_whole_and_says_all_that_is_to_be_said():
    two = (other(WELL), other(WELL, "tom on bastion-c"))
    words = f"lin on bastion-b (2026-11-30 14:22 UTC) {FITS}; tom on bastion-c (2026-11-30 14:22 UTC) {FITS}"
    assert assess_bastions("production", {"web01": WELL}, two) == Check("bastions", TITLE, "passed", False, SafeText(words))
    mine = {name: changed(WELL, login="") for name in ("web01", "web02")}
    theirs = {"web01": SshSeen(problem="unknown-key"), "web02": SshSeen(problem="login")}
    found = assess_bastions("production", mine, (Bastion("b", SafeText("lin"), "", theirs),))
    words = "lin knows no key of web01 (shows ssh-ed25519 SHA256:one here); lin is not let in by web02"
    hint = "on that machine, once you know why: deploy trust production --hosts web01; put the public key of that machine into authorized_keys on web02"
    assert found == Check("bastions", TITLE, "warning", False, SafeText(words), SafeText(hint))
    whole = Check("bastions", TITLE, "warning", False, SafeText("not compared: old"), SafeText("migrate"))
    assert not_compared(ConsoleError("old", "migrate")) == whole


def test_hosts_of_which_other_things_are_to_be_said_have_each_their_own():
    names = [f"web{number:02}" for number in range(1, 6)]
    here = {name: changed(WELL, login="" if number == 1 else f"SHA256:{number}") for number, name in enumerate(names, 1)}
    found = assess_bastions("production", here, (Bastion("b", SafeText("lin"), SEEN, dict.fromkeys(names, SshSeen(problem="login"))),))
    assert "is not let in by web01, web02 (this machine is, with SHA256:2), web03 (this machine is, with SHA256:3), web04" in found.detail
    trusted = assess_bastions(
        "production", dict.fromkeys(names, SshSeen(problem="unknown-key")), (Bastion("b", SafeText("lin"), SEEN, dict.fromkeys(names, WELL)),)
    )
    assert trusted.remedy.endswith("deploy trust production --hosts web01,web02,web03,web04,web05")


def test_keys_by_which_one_machine_logs_in_are_told_where_both_are_known():
    without = assess_bastions("production", {"web01": WELL}, (other(changed(WELL, login="")),))
    assert without.detail.endswith("knows the same keys of 1 host")
