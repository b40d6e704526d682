"""What sudo is asked about a host's commands."""

import pytest

from console.core.host.sudo import sudo_asks
from console.model.fleet import Command, Environment, Hook, Host

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


def test_users_that_commands_run_as_and_what_is_not_this_host_s():
    assert asked(a=Command("true", run_as="it's"), b=Command("sudo x", run_as="root")) == ("as:'it'\"'\"'s'", "as:root")
    hooks = (Hook("after switch", Command("sudo warm")), Hook("after switch", Command("sudo other"), tags=("web",)))
    over = {"jobs": {"g": {"run": "sudo -n restart jobs"}}}
    assert sudo_asks(Environment("shop", "p", "/srv", (HOST,), tag_commands=over, hooks=hooks), HOST) == ("run:restart jobs", "run:warm")
