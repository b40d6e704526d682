"""The port `Notifier` over Apprise, against a real HTTP receiver on loopback."""

from collections.abc import Iterator

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
    found = await AppriseNotifier(lambda: (refusing.address, taking.address, nothing, "nonsense://x")).tell("a run waits", "look", deadline=20)
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
    found = await AppriseNotifier(lambda: (refusing.address,)).tell("x", "y", deadline=20)
    assert (found[0].problem, len(refusing.messages)) == ("", 1)


async def test_nobody_to_tell_is_nobody_told():
    assert await AppriseNotifier(tuple).tell("x", "y", deadline=5) == ()
