"""The port `Notifier` over Apprise, against a real HTTP receiver on loopback."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from console.adapters.notify import AppriseNotifier
from tests.receiver import Receiver


@pytest.fixture
def taking() -> Iterator[Receiver]:
    made = Receiver(200)
    yield made
    made.close()


@pytest.fixture
def refusing() -> Iterator[Receiver]:
    made = Receiver(503)
    yield made
    made.close()


async def test_every_channel_is_told_and_one_that_fails_holds_none_up(taking: Receiver, refusing: Receiver):
    nothing = "json://ada:s3cret@127.0.0.1:1/"
    found = await AppriseNotifier(lambda: (refusing.address, taking.address, nothing, "nonsense://x")).tell("a run waits", "look", deadline=60)
    assert [bool(one.problem) for one in found] == [True, False, True, True]
    assert found[0].problem == "Failed to send JSON POST notification: Servers are overloaded., error=503"
    assert [(message["title"], message["message"]) for message in taking.messages] == [("a run waits", "look")]
    assert "s3cret" not in "".join(one.channel + one.problem for one in found)
    assert "503" in found[0].problem


async def test_channels_are_named_without_their_secrets_and_told_nothing(taking: Receiver):
    found = await AppriseNotifier(lambda: (taking.address, "nonsense://t0k3n")).channels()
    assert [name.partition("://")[0] for name in found] == ["json", "nonsense"]
    assert not {"s3cret", "t0k3n"} & set("".join(found).replace("/", " ").replace(":", " ").replace("@", " ").split())
    assert taking.messages == []


async def test_a_channel_that_recovers_is_told_once(refusing: Receiver, monkeypatch: pytest.MonkeyPatch):
    from console.adapters import notify

    sent = notify._sent

    def recovering(*words: object) -> object:
        answer = sent(*words)  # type: ignore[arg-type]
        refusing.status = 200
        return answer

    monkeypatch.setattr(notify, "_sent", recovering)
    found = await AppriseNotifier(lambda: (refusing.address,)).tell("x", "y", deadline=60)
    assert (found[0].problem, len(refusing.messages)) == ("", 1)


async def test_nobody_to_tell_is_nobody_told():
    assert await AppriseNotifier(tuple).tell("x", "y", deadline=60) == ()


class Discord:
    """A stub with the form of Discord's webhook API: POST with wait answers with the message, PATCH changes one that is there."""

    def __init__(self) -> None:
        self.messages: dict[str, str] = {}
        self.calls: list[tuple[str, str, dict[str, object]]] = []
        self.limits = 0
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self, status: int, body: dict[str, object]) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def _said(self) -> dict[str, object]:
                said: dict[str, object] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                stub.calls.append((self.command, self.path, said))
                return said

            def do_POST(self) -> None:
                said = self._said()
                if stub.limits:
                    stub.limits -= 1
                    return self._answer(429, {"message": "You are being rate limited.", "retry_after": 0.01, "global": False})
                if len(str(said["content"])) > 2000:
                    return self._answer(400, {"message": "Invalid Form Body", "code": 50035})
                name = str(len(stub.messages) + 1)
                stub.messages[name] = str(said["content"])
                return (
                    self._answer(200, {"id": name, "type": 0, "content": said["content"], "channel_id": "9"})
                    if "wait=true" in self.path
                    else self._answer(204, {})
                )

            def do_PATCH(self) -> None:
                said, name = self._said(), self.path.partition("?")[0].rpartition("/")[2]
                if name not in stub.messages:
                    return self._answer(404, {"message": "Unknown Message", "code": 10008})
                stub.messages[name] = str(said["content"])
                return self._answer(200, {"id": name, "content": said["content"]})

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/api/webhooks"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def discord(monkeypatch: pytest.MonkeyPatch) -> Iterator[Discord]:
    from apprise.plugins.discord import NotifyDiscord

    made = Discord()
    monkeypatch.setattr(NotifyDiscord, "notify_url", made.url)
    yield made
    made.close()


WEBHOOK = "discord://123456789012345678/abcDEFghi-t0ken?thread=77"


async def test_a_message_is_changed_where_the_channel_can_and_is_new_elsewhere(discord: Discord, taking: Receiver):
    notifier = AppriseNotifier(lambda: (WEBHOOK, taking.address))
    first = await notifier.tell("releasing v2", "@everyone look", deadline=60)
    assert [(bool(one.message), one.problem) for one in first] == [(True, ""), (False, "")]
    changes = {str(one.channel): one.message for one in first if one.message}
    second = await notifier.tell("v2 succeeded", "3 of 3 hosts", deadline=60, changes=changes)
    assert [one.problem for one in second] == ["", ""]
    assert discord.messages == {"1": "**v2 succeeded**\n3 of 3 hosts"}
    assert [message["title"] for message in taking.messages] == ["releasing v2", "v2 succeeded"]
    hook = "/api/webhooks/123456789012345678/abcDEFghi-t0ken"
    assert [(verb, path) for verb, path, _ in discord.calls] == [("POST", f"{hook}?wait=true&thread_id=77"), ("PATCH", f"{hook}/messages/1?thread_id=77")]
    assert all(said["allowed_mentions"] == {"parse": []} for _, _, said in discord.calls)
    assert "t0ken" not in "".join(one.channel for one in (*first, *second))


async def test_one_that_is_gone_is_posted_anew_and_a_limit_is_waited_for(discord: Discord, monkeypatch: pytest.MonkeyPatch):
    from console.adapters import notify

    monkeypatch.setattr(notify, "BETWEEN", 0.0)
    discord.limits = 2
    (told,) = await AppriseNotifier(lambda: (WEBHOOK,)).tell("x", "y" * 3000, deadline=60, changes={"discord://1...8/a...n/": "99"})
    assert (told.problem, told.message, len(discord.messages["1"])) == ("", "1", 2000)
    assert [verb for verb, _, _ in discord.calls] == ["PATCH", "POST", "PATCH", "POST", "PATCH", "POST"]
    discord.limits = 9
    (refused,) = await AppriseNotifier(lambda: (WEBHOOK,)).tell("x", "y", deadline=60)
    assert refused.problem == "Discord answered 429: You are being rate limited."


async def test_a_server_that_is_away_is_a_problem(monkeypatch: pytest.MonkeyPatch):
    from apprise.plugins.discord import NotifyDiscord

    from console.adapters import notify

    monkeypatch.setattr(notify, "BETWEEN", 0.0)
    monkeypatch.setattr(NotifyDiscord, "notify_url", "http://127.0.0.1:1/api/webhooks")
    (told,) = await AppriseNotifier(lambda: (WEBHOOK,)).tell("x", "y", deadline=60)
    assert "connection" in told.problem.lower()
