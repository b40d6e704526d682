"""The actions for one host, on every screen where a host is chosen: roll it back, restart it, open a shell there."""

import shlex
from collections.abc import Callable

from console.errors import ConsoleError, in_one_line
from console.tui.dialogs.question import DialogQuestion
from console.tui.host.host_questions import restart_question, take_back_question
from console.tui.key_refusals import Situation
from console.tui.screen_shell import Say, Shell
from console.tui.terminal.other_program import NOT_REACHED


class HostActions:
    """Acts on the host that is chosen on one screen. `ask`: asks a question there; `say_equivalent`: shows a command line."""

    def __init__(
        self, shell: Shell, situation: Callable[[], Situation], ask: Callable[[DialogQuestion], None], say: Say, say_equivalent: Callable[[str], None]
    ) -> None:
        self._shell, self._situation, self._ask, self._say, self._say_equivalent = shell, situation, ask, say, say_equivalent

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return what each action does, by id."""
        return {"back-one": self._take_back, "restart": self._restart, "shell": self._open_shell}

    @property
    def _environment(self) -> str:
        client = self._shell.client
        return client.environment if client else ""

    def _take_back(self) -> None:
        self._ask(take_back_question(self._situation(), self._environment))

    def _restart(self) -> None:
        self._ask(restart_question(self._situation().host, self._environment))

    def _open_shell(self) -> None:
        """Lay the screen aside for a shell on the host, in its live release."""
        client, host = self._shell.client, self._situation().host
        if client is None:
            return
        try:
            argv = client.visit(host)
        except ConsoleError as fault:
            self._say(in_one_line(fault))
            return
        self._shell.when_awake(self._environment, lambda: self._shell.keep(self._visit(host, argv)))

    async def _visit(self, host: str, argv: tuple[str, ...]) -> None:
        code = await self._shell.lend_terminal(argv, f"same as: {shlex.join(argv)}")
        if code == NOT_REACHED:
            self._say(f"{host} was not reached by ssh, or the connection was lost")
        elif isinstance(code, str):
            self._say(code)
        else:
            self._say_equivalent(shlex.join(argv))
