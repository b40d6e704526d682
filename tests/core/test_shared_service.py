"""Which health checks ask a host's own application, and which a service that hosts share."""

import pytest

from console.core.checks.shared_service import asks_own
from console.model.configured_checks import HealthCheck
from console.model.host import Host
from console.model.host_commands import Command
from console.model.secret import SecretRef

WEB = Host("web01", address="10.0.0.1")


@pytest.mark.parametrize(
    ("check", "own"),
    [
        (HealthCheck("x", "http", url="http://localhost:8080/healthz"), True),
        (HealthCheck("x", "http", url="http://[::1]:8080/healthz"), True),
        (HealthCheck("x", "http", url="http://{address}:8080/healthz", on="console"), True),
        (HealthCheck("x", "http", url="http://10.0.0.1/"), True),
        (HealthCheck("x", "http", url="http://web01/"), True),
        (HealthCheck("x", "http", url="http://localhost/", on="console"), False),
        (HealthCheck("x", "http", url="http://localhost/", on="web02"), False),
        (HealthCheck("x", "http", url="http://localhost/", on="web01"), True),
        (HealthCheck("x", "http", url="http://api.example.net/"), False),
        (HealthCheck("x", "tcp", address="localhost", port=1), True),
        (HealthCheck("x", "tcp", address="db01", port=1), False),
        (HealthCheck("x", "redis", url="redis://data01", query="LLEN mail"), False),
        (HealthCheck("x", "redis", url="redis://localhost"), True),
        (HealthCheck("x", "redis", url="redis://data01", query="LLEN jobs:{host}"), True),
        (HealthCheck("x", "postgres", url=SecretRef("env", "URL")), False),
        (HealthCheck("x", "postgres", url="postgresql:///shop"), True),
        (HealthCheck("x", "postgres", url="postgresql://[x"), False),
        (HealthCheck("x", "command", command=Command("bin/alive")), True),
        (HealthCheck("x", "command", command=Command("bin/alive"), on="console"), False),
        (HealthCheck("x", "command", command=Command("bin/alive {host}"), on="console"), True),
    ],
)
def test_whose_health_is_asked(check: HealthCheck, own: bool):
    assert asks_own(check, WEB) is own
