"""Health checks against real small servers, through this machine's own transport."""

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address

import pytest

from console.adapters.ask_health_gates import HostGates
from console.adapters.host_http import client_through
from console.adapters.system_clock import SystemClock
from console.adapters.this_machine import LocalTransport
from console.model.configured_checks import HealthCheck
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.host_commands import Command
from console.ports.hosts import Ran, Reached, Stream, Unreached
from console.safe_text import SafeText
from tests.reserved import free_port

WEB = Host("web01", "localhost")
ENVIRONMENT = Environment("shop", "production", "/srv/shop", (WEB, Host("web02")))
VALUES = {"host": "web01", "address": "127.0.0.1", "version": "v1"}

Answer = Callable[[bytes], bytes]


class Server:
    """Answers each request by what a function makes of it; `None` in the list of answers hangs."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.requests: list[bytes] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.requests.append(await reader.readuntil(b"\r\n\r\n"))
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            if answer is None:
                await reader.read()
            else:
                writer.write(answer)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(*answers: bytes | None, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server(*answers)
    tasks: set[asyncio.Task[None]] = set()

    def start(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.ensure_future(server.serve(reader, writer)))

    listening = await asyncio.start_server(start, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def says(status: int, body: bytes = b"ok", extra: str = "") -> bytes:
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{extra}\r\n".encode() + body


def http(port: int, path: str = "/healthz", **fields: object) -> HealthCheck:
    given = {"interval": 0.01, "timeout": 60.0, "deadline": 60.0, "passes": 1, **fields}
    return HealthCheck("Web app", "http", url=f"http://localhost:{port}{path}", **given)  # type: ignore[arg-type]


def command(run: str, **fields: object) -> HealthCheck:
    return HealthCheck("Smoke", "command", command=Command(run), **{"timeout": 60.0, **fields})  # type: ignore[arg-type]


async def once(check: HealthCheck, values: dict[str, str] | None = None) -> tuple[str, str]:
    found = await HostGates(LocalTransport()).once(ENVIRONMENT, WEB, check, VALUES if values is None else values)
    return found.verdict, str(found.seen)


@pytest.fixture(name="free_port")
def port_of_nobody() -> int:
    return free_port()


class TestHttp:
    async def test_the_expected_answer_passes(self) -> None:
        async with serving(says(200)) as server:
            assert await once(http(server.port, expect_body="ok")) == ("passed", "HTTP 200")
            assert server.requests[0].startswith(b"GET /healthz HTTP/1.1\r\n")

    async def test_another_code_is_told_beside_the_expected_one(self) -> None:
        async with serving(says(503)) as server:
            assert await once(http(server.port)) == ("failed", "HTTP 503, expected 200")

    async def test_a_redirect_is_not_followed(self) -> None:
        async with serving(says(302, extra="Location: /other\r\n")) as server:
            assert await once(http(server.port)) == ("failed", "HTTP 302, expected 200")
            assert len(server.requests) == 1

    async def test_a_body_in_chunks_is_read(self) -> None:
        chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nall\r\n5\r\n well\r\n0\r\n\r\n"
        async with serving(chunked) as server:
            assert (await once(http(server.port, expect_body="all well")))[0] == "passed"

    async def test_a_body_without_the_text_fails(self) -> None:
        async with serving(says(200, b"starting")) as server:
            assert (await once(http(server.port, expect_body="ready")))[1] == "HTTP 200, expected 'ready' in the body, which begins 'starting'"

    async def test_placeholders_are_filled_and_cannot_leave_their_place(self) -> None:
        async with serving(says(200)) as server:
            await once(http(server.port, "/{version}?host={host}"), {"version": "v1/../x y", "host": "web01&a=b"})
            assert server.requests[0].startswith(b"GET /v1%2F..%2Fx%20y?host=web01%26a%3Db HTTP/1.1")

    async def test_nothing_listening_is_a_wrong_answer_and_no_error(self, free_port: int) -> None:
        verdict, seen = await once(http(free_port))
        assert (verdict, "refused" in seen.lower() or "connect" in seen.lower()) == ("failed", True)

    async def test_no_answer_in_time_is_a_wrong_answer(self) -> None:
        async with serving(None) as server:
            assert await once(http(server.port, timeout=0.2)) == ("failed", "no answer within 0.2 s")

    async def test_what_does_not_speak_http_is_a_wrong_answer(self) -> None:
        async with serving(b"SSH-2.0-OpenSSH_9.2\r\n") as server:
            assert (await once(http(server.port)))[0] == "failed"

    async def test_a_connection_that_is_closed_without_an_answer_is_a_wrong_answer(self) -> None:
        async with serving(b"") as server:
            assert (await once(http(server.port)))[0] == "failed"

    async def test_a_url_that_cannot_be_asked_is_an_error(self) -> None:
        verdict, seen = await once(HealthCheck("Web app", "http", url="gopher://localhost/x", timeout=60.0))
        assert (verdict, seen[:27]) == ("error", "Web app cannot be asked: Re")

    async def test_what_the_body_holds_cannot_act_on_a_terminal(self) -> None:
        async with serving(says(200, b"\x1b]52;c;x\x07")) as server:
            assert "\x1b" not in (await once(http(server.port, expect_body="ready")))[1]


class TestTls:
    @pytest.fixture
    def server_side(self, tmp_path, monkeypatch) -> ssl.SSLContext:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        begins, ends = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC), datetime.datetime(2999, 12, 31, tzinfo=datetime.UTC)
        names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begins, ends)
            .add_extension(names, critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file = tmp_path / "both.pem"
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + secret)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        self.file = str(file)
        return context

    async def test_a_trusted_certificate_is_spoken_to(self, server_side: ssl.SSLContext, monkeypatch) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", self.file)
        async with serving(says(200, b"x" * 300_000 + b"end"), tls=server_side) as server:
            check = HealthCheck("Web app", "http", url=f"https://localhost:{server.port}/", expect_body="end", timeout=60.0)
            assert await once(check) == ("passed", "HTTP 200")

    async def test_one_that_is_not_trusted_is_a_wrong_answer_that_says_so(self, server_side: ssl.SSLContext) -> None:
        async with serving(says(200), tls=server_side) as server:
            verdict, seen = await once(HealthCheck("Web app", "http", url=f"https://localhost:{server.port}/", timeout=60.0))
            assert (verdict, "certificate" in seen) == ("failed", True)

    async def test_a_server_without_tls_is_a_wrong_answer(self) -> None:
        async with serving(says(400)) as server:
            verdict, seen = await once(HealthCheck("Web app", "http", url=f"https://localhost:{server.port}/", timeout=1.0))
            assert verdict == "failed", seen


class TestTcp:
    async def test_a_port_that_takes_connections_passes(self) -> None:
        async with serving(b"") as server:
            check = HealthCheck("Port", "tcp", address="{address}", port=server.port, timeout=60.0)
            assert await once(check) == ("passed", f"127.0.0.1:{server.port} takes connections")

    async def test_a_closed_one_fails(self, free_port: int) -> None:
        assert (await once(HealthCheck("Port", "tcp", port=free_port, timeout=60.0)))[0] == "failed"


class TestCommand:
    async def test_its_exit_code_decides_and_its_last_line_is_shown(self) -> None:
        assert await once(command("true")) == ("passed", "exit 0")
        assert await once(command("echo first; echo no database >&2; exit 3")) == ("failed", "exit 3: no database")

    async def test_placeholders_are_text_and_variables_are_there(self) -> None:
        values = {"version": "v1; echo no", "host": "web01"}
        assert (await once(command('[ {version} = "v1; echo no" ] && [ "$DEPLOY_HOST" = web01 ]'), values))[0] == "passed"

    async def test_one_that_hangs_is_ended_and_fails(self, tmp_path) -> None:
        check = command(f"sleep 1; touch {tmp_path}/late", timeout=0.2)
        assert await once(check) == ("failed", "no answer within 0.2 s")
        await asyncio.sleep(1.0)
        assert not (tmp_path / "late").exists()


class Unlinked(LocalTransport):
    """A host whose link is gone."""

    problem = Unreached("web01", "unreachable", SafeText("192.0.2.1:22 gave no answer"))

    async def connect(self, host: Host) -> Reached | Unreached:
        return self.problem

    async def run(self, host: Host, script: str, data: object = b"", *, deadline: float, sink: object = None) -> Ran:
        return Ran(None, problem=self.problem)

    async def open_stream(self, host: Host, address: str, port: int, *, deadline: float) -> Stream | Unreached:
        return self.problem

    def is_linked(self, host: Host) -> bool:
        return False


class NoForwarding(LocalTransport):
    """A server that does not forward connections."""

    async def open_stream(self, host: Host, address: str, port: int, *, deadline: float) -> Stream | Unreached:
        return Unreached(host.name, "forwarding", SafeText(f"{address}:{port}: open failed"), SafeText("set AllowTcpForwarding"))


class TestWhatCouldNotBeMeasured:
    @pytest.mark.parametrize("check", [http(1), HealthCheck("Port", "tcp", port=1), command("true")], ids=["http", "tcp", "command"])
    async def test_a_host_without_a_link_is_an_error(self, check: HealthCheck) -> None:
        found = await HostGates(Unlinked()).once(ENVIRONMENT, WEB, check, VALUES)
        assert (found.verdict, found.seen) == ("error", "192.0.2.1:22 gave no answer")

    async def test_a_server_that_does_not_forward_is_an_error_that_says_what_to_set(self) -> None:
        found = await HostGates(NoForwarding()).once(ENVIRONMENT, WEB, HealthCheck("Port", "tcp", port=1), VALUES)
        assert (found.verdict, "AllowTcpForwarding" in found.seen) == ("error", True)

    async def test_where_a_server_does_not_forward_the_host_itself_asks_by_http(self) -> None:
        async with serving(says(200)) as server:
            found = await HostGates(NoForwarding()).once(ENVIRONMENT, WEB, http(server.port), VALUES)
        assert found.verdict == "passed"

    async def test_silence_over_a_dead_link_is_not_held_against_the_application(self) -> None:
        class Dying(LocalTransport):
            def is_linked(self, host: Host) -> bool:
                return False

        async with serving(None) as server:
            found = await HostGates(Dying()).once(ENVIRONMENT, WEB, http(server.port, timeout=0.1), VALUES)
        assert (found.verdict, found.seen) == ("error", "no link to web01: no answer within 0.1 s")

    async def test_silence_of_a_host_whose_link_is_cut_but_not_yet_known_to_be_is_not_held_against_the_application(self) -> None:
        class Mute(LocalTransport):
            async def run(self, host: Host, script: str, data: object = b"", *, deadline: float, sink: object = None) -> Ran:
                return Ran(None, problem=Unreached(host.name, "late", SafeText("late")))

        async with serving(None) as server:
            found = await HostGates(Mute()).once(ENVIRONMENT, WEB, http(server.port, timeout=0.1), VALUES)
        assert (found.verdict, found.seen) == ("error", "web01 itself does not answer: no answer within 0.1 s")


class TestGate:
    async def test_it_waits_for_so_many_in_a_row(self) -> None:
        answers = [says(503), says(200), says(503), says(200)]
        async with serving(*answers) as server:
            found = await HostGates(LocalTransport()).watch(ENVIRONMENT, WEB, http(server.port, passes=3), VALUES)
            assert (found.verdict, found.passes, found.needed, len(server.requests)) == ("passed", 3, 3, 6)

    async def test_it_fails_by_its_deadline_even_when_the_application_hangs(self) -> None:
        async with serving(None) as server:
            clock = SystemClock()
            began = clock.mono()
            found = await HostGates(LocalTransport(), clock).watch(ENVIRONMENT, WEB, http(server.port, timeout=60.0, deadline=0.3), VALUES)
        assert (found.verdict, found.seen) == ("failed", "no answer within 0.3 s")
        assert clock.mono() - began < 20

    async def test_time_in_which_this_machine_slept_is_not_the_hosts(self) -> None:
        class Slept(SystemClock):
            ahead = 0.0

            def mono(self) -> float:
                return super().mono() + self.ahead

            async def sleep(self, seconds: float) -> None:
                await super().sleep(seconds)
                self.ahead = 600.0

        async with serving(says(503), says(200)) as server:
            found = await HostGates(LocalTransport(), Slept()).watch(ENVIRONMENT, WEB, http(server.port, passes=2, deadline=60.0), VALUES)
        assert found.verdict == "passed"
        assert found.seconds < 60

    async def test_a_lost_host_ends_as_error(self) -> None:
        found = await HostGates(Unlinked()).watch(ENVIRONMENT, WEB, http(1, deadline=0.05), VALUES)
        assert found.verdict == "error"

    @pytest.mark.parametrize(("on", "asked"), [("host", "web01"), ("web02", "web02"), ("console", "localhost")])
    async def test_it_asks_from_where_the_file_says(self, on: str, asked: str) -> None:
        places = []

        class Noting(LocalTransport):
            async def run(self, host: Host, script: str, data: object = b"", *, deadline: float, sink: object = None) -> Ran:
                places.append(host.name)
                return Ran(0)

        await HostGates(Noting()).once(ENVIRONMENT, WEB, command("true", on=on), VALUES)
        assert places == [asked]


async def test_a_client_uses_no_proxy_of_the_environment(monkeypatch) -> None:
    monkeypatch.setenv("http_proxy", "http://192.0.2.1:3128")
    async with serving(says(200)) as server, client_through(LocalTransport(), WEB, timeout=60.0) as client:
        assert (await client.get(f"http://127.0.0.1:{server.port}/")).text == "ok"
