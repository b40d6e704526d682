"""The engine that a screen's questions go to: met when the first is asked, and met again once it has ended. Each is given the secrets that it lacks once.

Knows the environment it asks for; nothing of what is asked, of runs, nor of the screen.
"""

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from console.client.engine_access import EngineAccess
from console.errors import EngineLost

if TYPE_CHECKING:
    from console.client.engine_connection import Client
    from console.core.secrets.needed import Purpose
    from console.model.configured_environment import Environment

T = TypeVar("T")


class AskedEngine:
    """One environment's. `environment` is what the next engine is met for."""

    def __init__(self, access: EngineAccess, environment: "Environment") -> None:
        self.environment = environment
        self._access = access
        self._client: Client | None = None
        self._told: set[tuple[Client, str]] = set()
        self._meeting = asyncio.Lock()

    async def met(self) -> "Client":
        """The connection to it, made anew where the last one was lost. Raises what meeting an engine does."""
        async with self._meeting:
            if self._client is None or self._client.lost:
                if self._client is not None:
                    await self._client.close()
                self._client = await self._access.meet_to_ask(self.environment)
            return self._client

    async def meet_again_for(self, environment: "Environment") -> None:
        """Let go of it, so that the next question meets one for the environment as it is now."""
        async with self._meeting:
            client, self._client, self.environment = self._client, None, environment
        if client is not None:
            await client.close()

    async def asked(self, name: str, argument: dict[str, Any], kind: type[T]) -> T:
        """Its answer to that question, as a value of that kind. One that it had not answered when it was let go of for another is put to that one.

        Raises EngineLost, and what it refuses.
        """
        from console.wire.codec import from_plain

        client = await self.met()
        try:
            answer = await client.query(name, argument)
        except EngineLost:
            if client is self._client:
                raise
            answer = await (await self.met()).query(name, argument)
        return from_plain(answer, kind)

    async def tell_secrets(self, purpose: "Purpose") -> None:
        """Give it what it needs to know for that, where nothing goes on. Raises UsageFault that names what is missing."""
        client = await self.met()
        if await self._has_to_tell(client, purpose):
            await self._access.configure(client, self.environment, purpose)
            self._note_told(client, purpose)

    async def tell_some(self) -> None:
        """Give it what can be read at once; what a mark, or a list of channels, lacks is shown there."""
        client = await self.met()
        if await self._has_to_tell(client, "some"):
            await self._access.hand_over_some(client, self.environment)
            self._note_told(client, "some")

    async def _has_to_tell(self, client: "Client", what: str) -> bool:
        if not self.environment.secret_references() or (client, what) in self._told or self._access.read_only:
            return False
        return not (client.welcome.busy and (await client.look_again()).busy)

    def _note_told(self, client: "Client", what: str) -> None:
        self._told = {*((one, told) for one, told in self._told if one is client), (client, what)}

    async def close(self) -> None:
        """Close the connection; whatever the engine carries goes on."""
        if self._client is not None:
            await self._client.close()
