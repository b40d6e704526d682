"""TLS to real servers, with certificates of an authority of our own: from the console, and through the SSH connection of a real host."""

import contextlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from console.adapters.ask_health_gates import bare_command
from console.adapters.checks.dispatch import ConfiguredChecks
from console.adapters.database import database_link, postgres_facts
from console.adapters.ssh.pool import SshTransport
from console.model.configured_checks import CheckSpec
from console.model.configured_environment import Environment
from console.model.host import Host, Ssh
from console.model.secret import SecretRef
from tests.adapters.checks.servers import PASSWORD, postgres_bin, running
from tests.adapters.checks.servers import postgres as a_postgres
from tests.cli.test_database import ready
from tests.fleet import Fleet
from tests.reserved import free_port

pytestmark = pytest.mark.real
URL = SecretRef("env", "URL")


class Authority:
    """Signs certificates; everybody may read what it makes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        usage = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")  # without it Python 3.13 does not trust an authority
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *usage, "-subj", "/CN=Ours", "-keyout", "ca.key", "-out", "ca.crt")
        self.certificate = folder / "ca.crt"

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=self.folder)

    def signs(self, name: str) -> tuple[Path, Path]:
        """Make a key and a certificate for a name."""
        self._openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        (self.folder / f"{name}.ext").write_text(f"subjectAltName=DNS:{name}")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-out", f"{name}.crt",
                      "-extfile", f"{name}.ext")  # fmt: skip
        return self.folder / f"{name}.crt", self.folder / f"{name}.key"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@contextmanager
def redis(authority: Authority, folder: Path, *more: str) -> Iterator[int]:
    """A Redis that is reached by TLS alone; its port."""
    if not shutil.which("redis-server"):
        pytest.skip("needs Redis: apt-get install redis-server")
    certificate, key = authority.signs("localhost")
    port = free_port()
    tls = ("--tls-port", str(port), "--port", "0", "--tls-cert-file", str(certificate), "--tls-key-file", str(key), "--tls-ca-cert-file",
           str(authority.certificate))  # fmt: skip
    with running("redis-server", *tls, "--bind", "127.0.0.1", "--save", "", *more, port=port, cwd=folder):
        yield port


@pytest.fixture(scope="module")
def cache(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with redis(authority, tmp_path_factory.mktemp("redis"), "--tls-auth-clients", "optional", "--requirepass", PASSWORD) as port:
        yield port


@pytest.fixture(scope="module")
def strict_cache(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """One that lets nobody in without a certificate."""
    with redis(authority, tmp_path_factory.mktemp("redis")) as port:
        yield port


def until_refused(url: str) -> None:
    """Wait until the server goes by the file that refuses this."""
    end = time.monotonic() + 60
    with contextlib.suppress(psycopg.OperationalError):
        while time.monotonic() < end:
            psycopg.connect(url).close()
            time.sleep(0.05)


@pytest.fixture(scope="module")
def database(authority: Authority) -> Iterator[str]:
    """One that takes connections by TLS alone; user `card` needs a certificate."""
    if not postgres_bin("initdb"):
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    with tempfile.TemporaryDirectory(prefix="deploy-postgres-") as own, a_postgres(folder := Path(own)) as url:
        with ready(url) as connection:
            connection.autocommit = True
            connection.execute("create role card login")
            certificate, key = authority.signs("localhost")
            for source, name in ((certificate, "certificate"), (key, "key"), (authority.certificate, "ca")):
                target = folder / "data" / name
                target.write_bytes(source.read_bytes())
                shutil.chown(target, *((folder / "data").owner(),) * 2)
                target.chmod(0o600)
            connection.execute("alter system set ssl_ca_file = 'ca'")
            (folder / "data" / "pg_hba.conf").write_text("hostssl all card all cert\nhostssl all all all scram-sha-256\n")
            connection.execute("select pg_reload_conf()")
        until_refused(f"{url}?sslmode=disable")
        yield url.replace("127.0.0.1", "localhost")


@pytest.fixture
async def transport(fleet: Fleet) -> AsyncIterator[SshTransport]:
    opened = SshTransport(Ssh(identity=str(fleet.identity), known_hosts=(str(fleet.known_hosts),)))
    yield opened
    await opened.close()


def machine(fleet: Fleet) -> Host:
    one = fleet["web01"]
    return Host("web01", one.address, one.port, one.user)


async def asked(transport: SshTransport, host: Host, kind: str, url: str, **fields: object) -> tuple[str, str]:
    """Ask through the host."""
    check = CheckSpec("Part", kind, url=URL, timeout=60.0, on="host", **fields)  # type: ignore[arg-type]
    checks = ConfiguredChecks(transport, bare_command(transport), {"check Part url": url}.get)
    ((_, found),) = await checks.ask(Environment("shop", "production", "/srv/shop", (host,)), check, (host,), {})
    assert PASSWORD not in found.seen
    return found.status, str(found.seen)


async def test_redis_by_tls_through_a_host(cache: int, authority: Authority, fleet: Fleet, transport: SshTransport):
    url, host = f"rediss://:{PASSWORD}@localhost:{cache}/0", machine(fleet)
    trusted = f"{url}?ssl_ca_certs={authority.certificate}"
    assert await asked(transport, host, "redis", trusted, query="INFO replication", expect="role:master") == ("passed", "answers 'role:master'")
    status, seen = await asked(transport, host, "redis", url)
    assert (status, "TLS: unable to get local issuer certificate" in seen or "self-signed" in seen) == ("failed", True), seen
    status, seen = await asked(transport, host, "redis", trusted.replace("localhost", "127.0.0.1"))
    assert (status, "IP address mismatch" in seen) == ("failed", True), seen
    unnamed = trusted.replace("localhost", "127.0.0.1") + "&ssl_check_hostname=false"
    assert (await asked(transport, host, "redis", unnamed))[0] == "passed"
    assert (await asked(transport, host, "redis", f"{url}?ssl_cert_reqs=none"))[0] == "passed"
    assert (await asked(transport, host, "redis", url.replace("rediss", "redis")))[0] != "passed"


async def test_redis_that_wants_a_certificate(strict_cache: int, authority: Authority, fleet: Fleet, transport: SshTransport):
    certificate, key = authority.signs("card")
    url, host = f"rediss://localhost:{strict_cache}/0?ssl_ca_certs={authority.certificate}", machine(fleet)
    assert (await asked(transport, host, "redis", f"{url}&ssl_certfile={certificate}&ssl_keyfile={key}"))[0] == "passed"
    status, seen = await asked(transport, host, "redis", url)
    assert status == "failed", seen
    assert "certificate" in seen.lower()


@pytest.mark.parametrize(("options", "words"), [
    ("ssl_ca_certs=/nowhere/ca", "ssl_ca_certs=/nowhere/ca: No such file or directory"), ("ssl_cert_reqs=perhaps", "expected required or none"),
    ("ssl_certfile=/etc/hostname", "ssl_certfile=/etc/hostname: it holds no certificate or key that can be read"),
])  # fmt: skip
async def test_what_the_url_says_of_tls_is_wrong(options: str, words: str, fleet: Fleet, transport: SshTransport):
    status, seen = await asked(transport, machine(fleet), "redis", f"rediss://localhost:1/0?{options}")
    assert (status, words in seen) == ("error", True), seen


async def test_redis_without_tls_is_no_tls(fleet: Fleet, transport: SshTransport, tmp_path: Path):
    if not shutil.which("redis-server"):
        pytest.skip("needs Redis: apt-get install redis-server")
    port = free_port()
    with running("redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", port=port, cwd=tmp_path):
        status, seen = await asked(transport, machine(fleet), "redis", f"rediss://localhost:{port}/0")
    assert (status, "TLS" in seen) == ("failed", True), seen


SAYS = {"query": "select ssl from pg_stat_ssl where pid = pg_backend_pid()", "expect": "t"}


async def test_postgres_by_tls_through_a_host(database: str, authority: Authority, fleet: Fleet, transport: SshTransport):
    host = machine(fleet)
    for options in ("", "?sslmode=prefer", "?sslmode=require", f"?sslmode=verify-full&sslrootcert={authority.certificate}"):
        assert (await asked(transport, host, "postgres", f"{database}{options}", **SAYS))[0] == "passed", options
    status, seen = await asked(transport, host, "postgres", f"{database}?sslmode=disable", **SAYS)
    assert (status, "no encryption" in seen) == ("error", True), seen
    status, seen = await asked(transport, host, "postgres", f"{database}?sslmode=verify-full&sslrootcert=/etc/ssl/certs/ca-certificates.crt", **SAYS)
    assert (status, "certificate verify failed" in seen) == ("failed", True) or "does not exist" in seen, seen


async def test_postgres_with_a_certificate_of_the_client(database: str, authority: Authority, fleet: Fleet, transport: SshTransport):
    certificate, key = authority.signs("card")
    key.chmod(0o600)
    card = f"{database.replace(f'shop:{PASSWORD}', 'card')}?sslmode=verify-full&sslrootcert={authority.certificate}"
    assert (await asked(transport, machine(fleet), "postgres", f"{card}&sslcert={certificate}&sslkey={key}", **SAYS))[0] == "passed"
    assert (await asked(transport, machine(fleet), "postgres", card, **SAYS))[0] == "error"


async def test_a_release_reads_its_database_by_tls(database: str, authority: Authority, fleet: Fleet, transport: SshTransport):
    for options in ("", f"?sslmode=verify-full&sslrootcert={authority.certificate}"):
        async with database_link.linked(transport, machine(fleet), f"{database}{options}", 5.0) as connection:
            assert await (await connection.execute(SAYS["query"])).fetchone() == (True,)
    with pytest.raises(database_link.NotRead, match="no encryption"):
        await postgres_facts.read_schema(transport, machine(fleet), f"{database}?sslmode=disable", 5.0)
    with psycopg.connect(f"{database}?sslmode=require") as here:
        assert here.execute(SAYS["query"]).fetchone() == (True,)
