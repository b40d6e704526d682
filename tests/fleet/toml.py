"""Writes the hosts.toml of a test fleet; nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fleet.fleet import Fleet


def hosts_toml(
    fleet: Fleet,
    repository: Path | str = "",
    *,
    app: str = "shop",
    path: str = "/srv/shop",
    environment: str = "production",
    hosts: tuple[str, ...] = (),
    file: Path | str = "",
    port: int = 8080,
    passes: int = 2,
    interval: str = "1s",
    deadline: str = "20s",
    batch: str = "1",
    keepalive: str = "1s",
    connect_timeout: str = "10s",
    max_failures: int = 0,
    restart_timeout: str = "15s",
    health: bool = True,
    jump: str = "",
    shared: tuple[str, ...] = ("log/",),
    app_extra: str = "",
    colors: dict[str, str] | None = None,
    environment_extra: str = "",
    extra: str = "",
) -> Path:
    """Write the file and return its path.

    `extra` goes last, as whole tables; `app_extra` as keys of [app], `environment_extra` as keys of the environment; `hosts` are some of the fleet's names.
    """
    q = json.dumps
    lines = [
        "[app]", f"name = {q(app)}", f"path = {q(path)}", f"repository = {q(str(repository or '.'))}", f"shared = {q(list(shared))}", app_extra, "",
        "[app.commands]", f'restart = {{ run = "bin/restart", timeout = {q(restart_timeout)} }}', "",
        f"[environments.{environment}]", "protected = false", "closed = []", "hosts = [",
    ]  # fmt: skip
    for name in hosts or fleet.names:
        machine = fleet[name]
        via = f", jump = {q(jump)}" if jump and name != jump else ""
        via += f", color = {q(colors[name])}" if colors else ""
        lines.append(f"  {{ name = {q(name)}, address = {q(machine.address)}, port = {machine.port}, user = {q(machine.user)}{via} }},")
    lines += [
        "]", environment_extra, "", f"[environments.{environment}.ssh]", f"identity = {q(str(fleet.identity))}",
        f"known_hosts = {q(str(fleet.known_hosts))}", f"keepalive = {q(keepalive)}",
        f"connect_timeout = {q(connect_timeout)}", "",
        f"[environments.{environment}.rolling]", f"batch = {batch}", f"max_failures = {max_failures}", "",
    ]  # fmt: skip
    if health:
        lines += [
            f"[[environments.{environment}.health]]", 'name = "Web app"', 'kind = "http"', f'url = "http://{{address}}:{port}/healthz"',
            'expect_body = "ok"', f"interval = {q(interval)}", 'timeout = "2s"', f"passes = {passes}", f"deadline = {q(deadline)}", "",
        ]  # fmt: skip
    target = Path(file) if file else fleet.folder / "hosts.toml"
    target.write_text("\n".join([*lines, extra]) + "\n")
    return target
