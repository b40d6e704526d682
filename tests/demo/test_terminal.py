"""A person's shell on a host of the demo, by the real ssh."""

import shutil

import pytest

from console.config.load import load_file
from console.core.host.login_command import visit
from tests.cli.product import Product
from tests.tui.terminal import Terminal

pytestmark = pytest.mark.skipif(not shutil.which("ssh"), reason="needs Debian's openssh-client")


def test_a_shell_on_a_host_of_the_demo_has_a_terminal_in_the_live_release():
    fleet = Product(1)
    try:
        environment = load_file(fleet.config).environment(fleet.ready["environment"])
        terminal = Terminal(list(visit(environment, environment.hosts[0])), (200, 24))
        try:
            terminal.type("tty; pwd\n")
            terminal.until_shown("/dev/pts/")
            terminal.until_shown("/web01/srv/shop/current")
            terminal.type("exit 3\n")
            assert terminal.ended() == 3
        finally:
            terminal.close()
    finally:
        fleet.close()
