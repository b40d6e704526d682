"""A message in a Discord channel that can be changed later, over the channel's webhook: the one service of Apprise's where an address is enough for that.

Discord's API: a POST with `wait=true` answers with the message and its id; a PATCH of `messages/ID` changes it, and tells nobody anew. Nobody is
mentioned by what a commit says. Knows no run, and not why a message is changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from console.safe_text import SafeText

LONGEST = 2000
"""Characters that a message may have."""
SAID = 120
QUIET = 30.0
"""Seconds that a server may be silent; whoever calls has a deadline of its own."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of it: the message's id, or why there is none. `wait`: seconds that the server asks for before the next try."""

    message: str = ""
    problem: SafeText = SafeText("")
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class DiscordWebhook:
    """One channel. `url`: the webhook's, with its token; `thread`: within the channel, empty: the channel itself."""

    url: str
    thread: str = ""
    username: str = ""

    async def put(self, title: str, body: str, message: str = "") -> Posted:
        """Change that message; post a new one where none is named, or it is not there any more."""
        content = f"**{title}**\n{body}"
        said: dict[str, Any] = {"content": content if len(content) <= LONGEST else content[: LONGEST - 1] + "…", "allowed_mentions": {"parse": []}}
        thread = {"thread_id": self.thread} if self.thread else {}
        async with httpx.AsyncClient(timeout=QUIET) as client:
            if message:
                answer = await client.patch(f"{self.url}/messages/{message}", params=thread, json=said)
                if answer.status_code != 404:
                    return _posted(answer)
            named = {"username": self.username} if self.username else {}
            return _posted(await client.post(self.url, params={"wait": "true", **thread}, json={**said, **named}))


def _posted(answer: httpx.Response) -> Posted:
    try:
        found = answer.json()
    except ValueError:
        found = {}
    found = found if isinstance(found, Mapping) else {}
    if answer.is_success:
        return Posted(str(found.get("id", "")))
    wait = found.get("retry_after", 0.0)
    words = SafeText(f"Discord answered {answer.status_code}: {found.get('message', '')}", SAID)
    return Posted(problem=words, wait=float(wait) if isinstance(wait, int | float) else 0.0)
