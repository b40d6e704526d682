"""The hosts.toml that reaches a demo's fleet: what a first user reads as an example. Text only; it goes with the folder that it stands in."""

import json
from pathlib import Path

from console.demo.app.app import CUSTOMER
from console.demo.demo_folder import BACKEND, USER, DemoPlace, Ports, tree_of

FEW = 24
"""Hosts that are released one after another; more go in growing batches."""


def hosts_toml(folder: Path, places: tuple[DemoPlace, ...], ports: Ports, *, balanced: bool = False) -> str:
    """Return the configuration of the fleet. `balanced`: with a balancer before it."""
    shop = f"http://{{address}}:{ports.app}"
    parts = (_application(folder), _environment(places), _ssh(folder, ports), _rolling(places), _health(shop), _critical(shop), _metrics(places))
    return "\n".join(parts + ((_balancer(folder),) if balanced else ()))


def _application(folder: Path) -> str:
    return f"""\
# The fleet of `deploy demo`. It goes with it: deploy demo --stop
default_environment = "production"

[app]
name = "shop"
path = {_text(str(tree_of(folder, "{host}")))}
repository = "shop"

[app.commands]
restart = {{ run = "bin/restart", timeout = "30s" }}
logs = "tail -n 200 {{shared}}/shop.log 2>/dev/null || :"
logs_follow = "exec tail -n 0 -F {{shared}}/shop.log 2>/dev/null"
"""


def _environment(places: tuple[DemoPlace, ...]) -> str:
    hosts = ",\n".join(f"  {{ name = {_text(place.name)}, address = {_text(place.address)}{_color(place)} }}" for place in places)
    strategy = "bluegreen" if any(place.color for place in places) else "rolling"
    return f"""\
[environments.production]
protected = true
closed = []
strategy = "{strategy}"
hosts = [
{hosts},
]
"""


def _color(place: DemoPlace) -> str:
    return f", color = {_text(place.color)}" if place.color else ""


def _ssh(folder: Path, ports: Ports) -> str:
    return f"""\
[environments.production.ssh]
user = {_text(USER)}
port = {ports.ssh}
identity = {_text(str(folder / "id_ed25519"))}
known_hosts = {_text(str(folder / "known_hosts"))}
"""


def _rolling(places: tuple[DemoPlace, ...]) -> str:
    return f"""\
[environments.production.rolling]
batch = {"1" if len(places) <= FEW else '[1, "10%"]'}
max_failures = 0
on_failure = "rollback"
"""


def _health(shop: str) -> str:
    return f"""\
[[environments.production.health]]
name = "Web app"
kind = "http"
url = "{shop}/healthz"
expect_body = "ok"
interval = "1s"
passes = 2
deadline = "20s"
"""


def _critical(shop: str) -> str:
    return f"""\
# What customers must be able to do: tried for each host that has the release. v1.5.3 breaks it.
[[environments.production.critical]]
name = "Sign in"
kind = "http"
steps = [
  {{ get = "{shop}/login", capture = {{ token = 'name="csrf" value="([^"]+)"' }} }},
  {{ post = "{shop}/login", form = {{ user = "{CUSTOMER}", password = {{ file = "password" }}, csrf = "{{token}}" }}, expect_status = 302 }},
  {{ get = "{shop}/account", expect_body = "hello {CUSTOMER}" }},
]
"""


def _metrics(places: tuple[DemoPlace, ...]) -> str:
    return f"""\
[environments.production.metrics]
interval = "{max(1, len(places) // 20)}s"

[environments.production.monitor]
window = "0s"
"""


def _balancer(folder: Path) -> str:
    return f"""\
# It is steered as HAProxy is.
[[environments.production.balancer]]
kind = "haproxy"
host = "localhost"
socket = {_text(str(folder / "balancer.sock"))}
backend = "{BACKEND}"
drain_timeout = "10s"
maintenance = true

# A canary with fewer errors than this is good enough: few people visit a demo, and the good release is known to be good in a minute or two.
[[environments.production.thresholds]]
metric = "error_rate"
above = "1%"
for = "20s"
"""


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
