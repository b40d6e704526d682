"""Connections to the record's database whose other side is gone, though every packet is acknowledged: as behind a proxy, or on a machine that stands still."""

import asyncio
import socket
import threading
import time
from contextlib import suppress

import psycopg
import pytest

from console.adapters.journal import postgres_connection, postgres_listener
from console.adapters.journal.chain import JournalAway
from console.adapters.journal.postgres_address import address_of
from console.adapters.journal.postgres_listener import Listener
from console.adapters.journal.postgres_store import PostgresStore
from tests.adapters.journal.test_contract import opened
from tests.recorded import append
from tests.shared_journals import plain


class Proxy:
    """Stands between a console and a database. What is said over connections of before `falls_silent` is swallowed from then on."""

    def __init__(self, address: str) -> None:
        with psycopg.connect(plain(address)) as connection:
            self._server = connection.info.host, connection.info.port
        self._listening = socket.create_server(("127.0.0.1", 0))
        here = self._listening.getsockname()[1]
        self.address = address.replace(f":{self._server[1]}/", f":{here}/")
        self.served, self._silent, self._open = 0, 0, list[socket.socket]()
        threading.Thread(target=self._serve, daemon=True).start()

    def falls_silent(self) -> None:
        self._silent = self.served

    def end(self) -> None:
        self._listening.close()
        for one in self._open:
            with suppress(OSError):  # the other side may have ended it
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            far = socket.create_connection(self._server)
            self.served += 1
            self._open += [near, far]
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(source, target, self.served), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, number: int) -> None:
        try:
            while data := source.recv(65536):
                if number > self._silent:
                    target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return


@pytest.fixture
def proxy(shared_journal):
    made = Proxy(shared_journal)
    yield made
    made.end()


def sooner_or_later(work):
    """Do it until it goes well: on a machine that does much, an answer may come too late for the limit of a test."""
    end = time.monotonic() + 60
    while True:
        try:
            return work()
        except JournalAway:
            assert time.monotonic() < end


@pytest.mark.parametrize("asks", ["reads", "writes"])
def test_a_connection_whose_other_side_is_gone_is_given_up_and_made_again(proxy, monkeypatch, asks):
    store = PostgresStore(proxy.address)
    append(store, "r1", (opened("r1", "2026-01-01T00:00:00Z"),))
    assert len(store.read("r1")) == 1
    before = proxy.served
    proxy.falls_silent()
    monkeypatch.setattr(postgres_connection, "SILENCE", 0.5)
    sooner_or_later(store.runs if asks == "reads" else lambda: store.keep_note("shop", "production", None))
    assert proxy.served > before
    assert len(sooner_or_later(lambda: store.read("r1"))) == 1
    store.close()


def test_what_is_not_answered_in_time_is_a_record_that_is_away(proxy, monkeypatch):
    store = PostgresStore(proxy.address)

    def asked(seconds, silence):
        with store._told(), store._reading() as connection:
            monkeypatch.setattr(postgres_connection, "SILENCE", silence)
            connection.exec_driver_sql(f"select pg_sleep({seconds})")

    asked(0.5, 60.0)
    with pytest.raises(JournalAway, match=r"does not answer: no answer within 0\.3 s"):
        asked(30, 0.3)
    store.close()


@pytest.mark.parametrize("when", ["while it connects", "once it listens"])
async def test_who_listens_does_so_again_after_a_connection_whose_other_side_is_gone(proxy, shared_journal, monkeypatch, when):
    monkeypatch.setattr(postgres_listener, "QUIET", 0.2)
    monkeypatch.setattr(postgres_listener, "STATEMENT", 0.5)
    monkeypatch.setattr(postgres_listener, "AGAIN", 0.05)
    listener = Listener(address_of(proxy.address), {})
    heard = 0
    async with asyncio.timeout(60):
        while not proxy.served or (when == "once it listens" and not _listeners(shared_journal)):
            heard = await listener.news("r1", 0.05, heard)
        before = proxy.served
        proxy.falls_silent()
        while proxy.served == before:
            heard = await listener.news("r1", 0.05, heard)
    await listener.close()


def _listeners(address: str) -> int:
    with psycopg.connect(plain(address)) as connection:
        found = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query ~ '^(LISTEN|SELECT 1)'").fetchone()
    return found[0] if found else 0


async def test_a_server_that_does_not_answer_to_the_first_word_is_left(proxy, monkeypatch):
    monkeypatch.setattr(postgres_listener, "STATEMENT", 0.3)
    async with await psycopg.AsyncConnection.connect(**address_of(proxy.address).given, autocommit=True) as connection:
        proxy.falls_silent()
        async with asyncio.timeout(60):
            with pytest.raises(TimeoutError):
                await postgres_listener._answered(connection, "LISTEN deploy_journal")
            assert connection.closed


async def test_each_who_waits_for_a_run_hears_of_what_was_said_while_it_did_something_else(monkeypatch):
    listener = Listener(address_of("postgresql://deploy@db01/deploy"), {})
    monkeypatch.setattr(listener, "_listen", lambda: asyncio.sleep(0))  # nothing is said but here
    async with asyncio.timeout(60):
        shows = asyncio.create_task(listener.news("r1", 600, 0))
        await asyncio.sleep(0)
        listener._wake("r1")
        listener._wake("r2")
        assert await shows == 1
        assert await listener.news("r1", 600, 0) == 1, "whoever took commands meanwhile looks too"
        again = [asyncio.create_task(listener.news("r1", 600, 1)) for _ in range(2)]
        await asyncio.sleep(0)
        assert not any(task.done() for task in again), "what was heard is not heard again"
        listener._wake()
        assert await asyncio.gather(*again) == [2, 2]
