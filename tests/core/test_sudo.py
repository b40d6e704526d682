"""What sudo is asked about a host's commands."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.host.shell import quote
from console.core.host.sudo import LOOK, sudo_asks
from console.model.configured_checks import CheckSpec, CriticalPath, HealthCheck
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.host_commands import Command, Hook
from tests.core.shells import SAY, Shell

HOST = Host("web01", "10.0.0.1", tags=("jobs",))


def asked(**commands: Command) -> tuple[str, ...]:
    return sudo_asks(Environment("shop", "p", "/srv", (HOST,), commands=commands), HOST)


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("sudo -n systemctl restart shop && sudo -u app FOO=1 bin/x 'a b'; echo sudo no", ("run:systemctl restart shop", "run:-u app bin/x 'a b'")),
        ("cd x\nsudo --user=app -- run", ("run:-u app run",)),
        ("sudo --user app --group=web run -u me", ("run:-u app -g web run -u me",)),
        ("sudo -nu app run; sudo -Hnuapp other", ("run:-u app run", "run:-u app other")),
        ("sudo -n -T 5 -p '' systemctl stop x", ("run:systemctl stop x",)),
        ("if sudo a; then ! sudo b; fi; X=1 sudo c", ("run:a", "run:b", "run:c")),
        ("sudo systemctl restart {host}-{env}", ("run:systemctl restart web01-p",)),
        ("sudo systemctl restart {release}", ()),
        ("sudo 'open", ()),
        ("sudo rm $HOME", ()),
        ("echo a | sudo tee /etc/x > /dev/null", ("run:tee /etc/x",)),
    ],
)
def test_commands_that_call_sudo(text: str, asks: tuple[str, ...]):
    assert asked(a=Command(text)) == asks


def test_commands_of_checks_and_critical_paths_that_the_host_runs():
    def found(on: str, tags: tuple[str, ...] = ()) -> tuple[str, ...]:
        health = HealthCheck("queue", "command", command=Command("sudo ask"), on=on, tags=tags)
        path = CriticalPath("Pay", "command", command=Command("bin/pay", run_as="till"), on=on, tags=tags)
        check = CheckSpec("room", "command", command=Command("sudo look"), on=on)
        manual = CriticalPath("Look", "manual")
        return sudo_asks(Environment("shop", "p", "/srv", (HOST,), health=(health,), critical=(path, manual), checks=(check,)), HOST)

    assert found("host") == found("web01") == found("web01", ("web",)) == ("run:look", "run:ask", "as:till")
    assert found("host", ("web",)) == ("run:look",)
    assert found("console") == found("web02") == ()


def test_users_that_commands_run_as_and_what_is_not_this_host_s():
    assert asked(a=Command("true", run_as="it's"), b=Command("sudo x", run_as="root")) == ("as:'it'\"'\"'s'", "as:root")
    hooks = (Hook("after switch", Command("sudo warm")), Hook("after switch", Command("sudo other"), tags=("web",)))
    over = {"jobs": {"g": {"run": "sudo -n restart jobs"}}}
    assert sudo_asks(Environment("shop", "p", "/srv", (HOST,), tag_commands=over, hooks=hooks), HOST) == ("run:restart jobs", "run:warm")


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("sudo x", ("run:x",)), ("sudo", ()), ("sudo -n", ()), ("sudo -- x -y", ("run:x -y",)), ("sudo A=1 B=2 x", ("run:x",)), ("sudo -n A=1 -u app x", ("run:-u app x",)),
        ("sudo -uapp x", ("run:-u app x",)), ("sudo -u", ()), ("sudo --user", ()), ("sudo --user= x", ("run:-u '' x",)), ("sudo -g web x", ("run:-g web x",)),
        ("sudo -u app -g web x", ("run:-u app -g web x",)), ("sudo -nHgweb x", ("run:-g web x",)), ("sudo --non-interactive --preserve-env=A x", ("run:x",)),
        ("sudo -C 5 x", ("run:x",)), ("sudo -D /tmp x", ("run:x",)), ("sudo -T5 x", ("run:x",)), ("sudo -p prompt x", ("run:x",)), ("sudo -t type -r role x", ("run:x",)),
        ("sudo -h host x", ("run:x",)), ("sudo -R / x", ("run:x",)), ("sudo -U lin x", ("run:x",)), ("sudo -E x", ("run:x",)), ("sudo -c class x", ("run:x",)), ("sudo -a t x", ("run:x",)),
        ("a && sudo b || sudo c", ("run:b", "run:c")), ("a | sudo b", ("run:b",)), ("(sudo a)", ("run:a",)), ("a & sudo b", ("run:b",)), ("{ sudo a; }", ("run:a",)),
        ("sudo a; sudo a", ("run:a",)), ("while sudo a; do sudo b; done", ("run:a", "run:b")), ("until sudo a; do :; done", ("run:a",)), ("if a; then sudo b; elif sudo c; then d; else sudo e; fi", ("run:b", "run:c", "run:e")),
        ("exec sudo a", ("run:a",)), ("time sudo a", ("run:a",)), ("command sudo a", ("run:a",)), ("nohup sudo a", ("run:a",)), ("! sudo a", ("run:a",)), ("X=1 Y=2 sudo a", ("run:a",)),
        ("echo sudo a", ()), ("env sudo a", ()), ("'sudo' a", ("run:a",)), ("a # sudo b", ()), ("a\nsudo b\n", ("run:b",)), ("sudo a \\\n b", ("run:a b",)),
        ("sudo a > /dev/null 2>&1", ("run:a",)), ("sudo 'a b' \"c d\"", ("run:'a b' 'c d'",)), ("sudo a `b`", ()), ("sudo a $(b)", ()), ("sudo -u $USER a", ()), ("sudo a ${X}", ()),
        ("sudo {unknown}", ()), ("sudo run {host} {address} {server} {env} {shared}", ("run:run web01 10.0.0.1 web01 p /srv/shared",)), ("sudo -u {previous} x", ()), ("sudo x 'un", ()),
        ("echo it's; sudo x", ()), ("", ()),
    ],
)  # fmt: skip
def test_what_sudo_is_asked_of_a_command(text: str, asks: tuple[str, ...]):
    assert asked(a=Command(text)) == asks


def test_a_host_s_own_address_and_server_are_filled_in():
    environment = Environment("shop", "p", "/srv", (HOST,), commands={"a": Command("sudo x {address} {server}")})
    assert sudo_asks(environment, Host("web02")) == ("run:x web02 web02",)
    assert sudo_asks(environment, Host("web02", "10.0.0.2", server="front")) == ("run:x 10.0.0.2 front",)


def test_commands_are_asked_for_in_their_order_and_hooks_after_them():
    hooks = (Hook("after switch", Command("sudo z")),)
    environment = Environment("shop", "p", "/srv", (HOST,), commands={"b": Command("sudo y"), "a": Command("sudo x")}, hooks=hooks)
    assert sudo_asks(environment, HOST) == ("run:x", "run:y", "run:z")


@given(st.text(alphabet="sudo -naUu=x'\"${}\n;&|#", max_size=40))
def test_any_command_is_taken_and_what_is_asked_is_words_of_a_shell(text: str):
    for ask in asked(a=Command(f"sudo {text}")):
        assert ask.startswith("run:")
        assert shlex.split(ask.removeprefix("run:"))


PASSWORD = "sudo: a password is required"
LISTED = "User ada may run the following commands on web01:\n    (root) NOPASSWD: ALL"


def tried(sh: Shell, ask: str, *answers: tuple[str, int, str]) -> list[str]:
    """What is said of an ask, where sudo answers so: the words it is called with begin so, its exit code, and what it prints."""
    cases = "".join(f"{shlex.quote(words)}*) echo {shlex.quote(said)} >&2; exit {code} ;;\n" for words, code, said in answers)
    sh.tool("sudo", f'echo "$*" >> \'{sh.folder}/calls\'\ncase "$*" in\n{cases}esac\nexit 0')
    return sh.said(f"{SAY}{LOOK}tried {shlex.quote(ask)}")


def calls(sh: Shell) -> list[str]:
    return (sh.folder / "calls").read_text().splitlines()


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ((), []),
        ((("-n -k -u app", 1, PASSWORD),), ["sudo asks for a password: app"]),
        ((("-n -k -u app", 1, "sudo: unknown user app"),), ["sudo does not allow it (sudo: unknown user app): app"]),
        ((("-n -k -u app", 1, "a lecture\nsudo: no"),), ["sudo does not allow it (sudo: no): app"]),
    ],
    ids=["fine", "a password", "an unknown user", "several lines"],
)
def test_whether_a_user_can_be_become_is_tried(sh: Shell, answers, said: list[str]):
    assert tried(sh, "as:app", *answers) == said
    assert calls(sh) == ["-n -k -u app -- sh -c :"]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ((("-n -l -u", 0, ""), ("-n -l", 0, LISTED), ("-n -k -T 60", 1, "sudo: timeout may not be set")), []),
        ((("-n -l -u", 1, "sudo: not allowed"),), ["sudo does not allow it (sudo: not allowed): -u app x"]),
        ((("-n -l -u", 1, PASSWORD),), ["sudo asks for a password: -u app x"]),
        ((("-n -l -u", 0, ""), ("-n -l", 0, LISTED), ("-n -k -T 60", 1, PASSWORD)), ["sudo asks for a password: -u app x"]),
        ((("-n -l -u", 0, ""), ("-n -l", 0, LISTED), ("-n -k -T 60", 1, "sudo: broken")), ["sudo cannot be tried (sudo: broken): -u app x"]),
        ((("-n -l -u", 0, ""), ("-n -l", 0, LISTED), ("-n -k -T 60", 0, "")), ["sudo ran it: -T was not refused: -u app x"]),
        ((("-n -l -u", 0, ""), ("-n -l", 1, "sudo: no list")), ["sudo does not list what it allows (sudo: no list): -u app x"]),
        ((("-n -l -u", 0, ""), ("-n -l", 0, f"Matching Defaults: user_command_timeouts\n{LISTED}")), []),
        (
            (("-n -l -u", 0, ""), ("-n -l", 0, "Defaults: user_command_timeouts\nUser ada may run the following\n    (root) ALL")),
            ["sudo may ask for a password: it cannot be tried where user_command_timeouts is set: -u app x"],
        ),
    ],
    ids=["fine", "not allowed", "a password for the list", "a password", "broken", "it ran", "no list", "time-outs, no password", "time-outs"],
)  # fmt: skip
def test_whether_a_command_runs_by_itself_is_tried_without_running_it(sh: Shell, answers, said: list[str]):
    assert tried(sh, "run:-u app x", *answers) == said
    assert all(not call.endswith("-k -u app x") for call in calls(sh))


def test_the_list_is_asked_for_once(sh: Shell):
    sh.tool("sudo", f"echo \"$*\" >> '{sh.folder}/calls'\ncase \"$*\" in '-n -l') echo 'User ada may run the following' ;; *-T*) echo timeout; exit 1 ;; esac")
    assert sh.said(f"{SAY}{LOOK}runs a; runs b") == []
    assert calls(sh) == ["-n -l a", "-n -l", "-n -k -T 60 a", "-n -l b", "-n -k -T 60 b"]


def test_words_of_a_command_are_words_for_sudo_and_its_language_is_plain(sh: Shell):
    sh.tool(
        "sudo",
        f"for w in \"$@\"; do printf '%s|' \"$w\" >> '{sh.folder}/calls'; done; echo $LC_ALL >> '{sh.folder}/calls'; read -r x && echo read >> '{sh.folder}/calls'; exit 0",
    )
    sh.said(f"{SAY}{LOOK}tried {shlex.quote('as:' + quote(chr(39) + 'a b'))}", LC_ALL="de_DE.UTF-8")
    assert calls(sh) == ["-n|-k|-u|'a b|--|sh|-c|:|C"]


def test_what_is_no_ask_is_not_tried(sh: Shell):
    assert tried(sh, "other:x") == []
    assert not (sh.folder / "calls").exists()
