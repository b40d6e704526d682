"""What a client needs of the program that it is a part of: the file, the secrets, an engine that is met. Wired in `cli/command_access.py`."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from console.client.engine_connection import Client
    from console.core.secrets.needed import Purpose
    from console.model.configured_environment import Environment
    from console.ports.feed import LogPage


class EngineAccess(Protocol):
    """How this program meets engines. Every method raises ConsoleError for what a person can be told."""

    @property
    def read_only(self) -> bool:
        """Whether it only looks on."""

    @property
    def has_screen(self) -> bool:
        """Whether a screen is shown, so that nothing is printed beside it."""

    @property
    def patience(self) -> float | None:
        """Seconds that a run's question stays open; None: without an end."""

    async def meet(self, model: "Environment") -> "Client":
        """Meet the environment's engine, started where none lives; it has no model from here yet."""

    async def meet_to_ask(self, model: "Environment") -> "Client":
        """Meet it with the model, for questions."""

    async def configure(self, client: "Client", model: "Environment", purpose: "Purpose | None", *, resumes: bool = False, quiet: bool = True) -> None:
        """Hand the engine the model and the secrets that the purpose needs; the UsageFault names each one that is missing."""

    async def hand_over_some(self, client: "Client", model: "Environment") -> None:
        """Hand it the model and what secrets can be read at once."""

    async def is_carried_elsewhere(self, run: str) -> bool:
        """Whether an engine of another machine carries a run, by the record that the machines share."""

    def environments(self) -> tuple[str, ...] | None:
        """The names in the file; None: there is no file."""

    def environment(self, name: str, *, gated: bool = False) -> "Environment":
        """An environment of the file as it is now. `gated`: keys that are still to come are a no-go."""

    def environment_or_known(self, name: str) -> "Environment":
        """An environment of the file, or where there is none, of the runs that this machine knows."""

    def tell(self, words: str) -> None:
        """Say something beside the data, where no screen is shown."""

    def printed(self, run: str, limit: int) -> "LogPage":
        """The last lines that the run's steps printed, from this machine's log files."""
