"""Scraping a real server that answers as servers do: well, late, cut short, with a page of errors, without an end. Through this machine's own connection."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from console.adapters.metrics import scraper
from console.adapters.metrics.scraper import HttpScraper
from console.adapters.this_machine import LocalTransport
from console.model.application_metrics import Series, Unreadable
from console.model.host import Host
from tests.reserved import free_port

HOST = Host("here", address="localhost")
TEXT = b'a_total{code="200"} 12\nb_total 3\n'
FOUND = (Series("a_total", {"code": "200"}, 12.0),)


def headed(body: bytes, *lines: str, status: str = "200 OK", length: int | None = -1) -> bytes:
    """An answer; `length` -1: the right one, None: none."""
    sized = [] if length is None else [f"Content-Length: {len(body) if length < 0 else length}"]
    return "\r\n".join([f"HTTP/1.1 {status}", "Content-Type: text/plain", *sized, *lines, "Connection: close", "", ""]).encode() + body


def chunked(*pieces: bytes, ends: bool = True) -> bytes:
    """An answer in chunks."""
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + (b"0\r\n\r\n" if ends else b"")
    return headed(b"", "Transfer-Encoding: chunked", length=None) + body


class Answers:
    """A server that answers every request with those bytes, and notes the request."""

    def __init__(self) -> None:
        self.port = free_port()
        self.answer, self.waits, self.asked = b"", 0.0, b""
        self.over = asyncio.Event()
        self.writers: list[asyncio.StreamWriter] = []
        self.url = f"http://127.0.0.1:{self.port}/metrics"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        with contextlib.suppress(ConnectionError):
            self.asked = await reader.readuntil(b"\r\n\r\n")
            writer.write(self.answer)
            await writer.drain()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.over.wait(), self.waits or 0.001)
        writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Answers]:
    answers = Answers()
    listening = await asyncio.start_server(answers.serve, "127.0.0.1", answers.port)
    yield answers
    answers.over.set()
    for writer in answers.writers:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    listening.close()
    await listening.wait_closed()


async def scraped(server: Answers, answer: bytes, deadline: float = 60.0) -> tuple[Series, ...] | Unreadable:
    """What a scrape of that answer gives."""
    server.answer = answer
    transport = LocalTransport()
    try:
        return await HttpScraper(transport).scrape(HOST, server.url, frozenset({"a_total"}), deadline=deadline)
    finally:
        await transport.close()


@pytest.mark.parametrize(
    "answer",
    [headed(TEXT), chunked(TEXT[:9], TEXT[9:]), headed(TEXT + b"# EOF\n", length=None), headed(TEXT, "X: y", "Y: \x1b[31m")],
    ids=["length", "chunks", "end mark", "odd headers"],
)
async def test_a_whole_answer_is_read(server: Answers, answer: bytes) -> None:
    assert await scraped(server, answer) == FOUND
    assert b"accept: text/plain;version=0.0.4\r\n" in server.asked.lower()
    assert b"accept-encoding: identity\r\n" in server.asked.lower()


REFUSED = {
    "shorter than it says": (headed(TEXT, length=500), ""),
    "chunks without an end": (chunked(TEXT, ends=False), ""),
    "neither length nor end": (headed(TEXT, length=None), "may be cut short"),
    "cut within a number": (headed(TEXT[:-2]), "cut short"),
    "a page of errors": (headed(b"<html>Bad Gateway</html>\n"), "web page"),
    "another status": (headed(b"gone\n", status="404 Not Found"), "answered 404"),
    "a redirect": (headed(b"", "Location: http://127.0.0.1:1/", status="302 Found"), "answered 302"),
    "no HTTP": (b"+OK hello\r\n\r\n", ""),
    "nothing at all": (b"", ""),
}


@pytest.mark.parametrize(("answer", "words"), REFUSED.values(), ids=REFUSED)
async def test_an_answer_that_cannot_be_believed_is_a_reason_and_no_number(server: Answers, answer: bytes, words: str) -> None:
    found = await scraped(server, answer)
    assert isinstance(found, Unreadable)
    assert words in found.reason
    assert str(found.reason).startswith(server.url)


async def test_one_that_does_not_answer_in_time(server: Answers) -> None:
    server.waits = 5.0
    found = await scraped(server, headed(TEXT, length=500), 0.3)
    assert isinstance(found, Unreadable)
    assert "did not answer within 0.3 s" in found.reason


async def test_one_that_is_not_there() -> None:
    transport = LocalTransport()
    found = await HttpScraper(transport).scrape(HOST, f"http://127.0.0.1:{free_port()}/metrics", frozenset({"a_total"}), deadline=2.0)
    assert isinstance(found, Unreadable)
    assert "refused" in str(found.reason).lower()
    await transport.close()


async def test_more_than_is_read_of_any_host(server: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scraper, "MOST", 2**20)
    found = await scraped(server, headed(b"# x\n" * 2**19))
    assert isinstance(found, Unreadable)
    assert "more than 1 MiB" in found.reason


async def test_what_a_server_says_acts_on_no_terminal(server: Answers) -> None:
    found = await scraped(server, headed(b'a_total{x="1" \x1b]0;pwned\x07 1\n'))
    assert isinstance(found, Unreadable)
    assert "\x1b" not in found.reason
