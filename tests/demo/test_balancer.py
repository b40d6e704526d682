"""The demo's balancer by itself: whom it chooses, whom it believes. What it promises a console is held by tests/adapters/balancers."""

from collections import Counter
from pathlib import Path

import pytest

from console.demo.balancer.runtime_api import RuntimeApi
from console.demo.balancer.servers import DRAIN, BackendServer, Servers


def three() -> Servers:
    return Servers([BackendServer(f"web0{number}", f"127.0.0.{number}", 8080) for number in (1, 2, 3)])


def chosen(servers: Servers, requests: int) -> Counter[str]:
    found = [servers.next() for _ in range(requests)]
    return Counter(server.name for server in found if server)


SHARES = [((100, 100, 100), (20, 20, 20)), ((100, 50, 50), (30, 15, 15)), ((1, 100, 100), (0, 30, 30)), ((0, 1, 2), (0, 20, 40))]


@pytest.mark.parametrize(("weights", "shares"), SHARES)
def test_requests_are_shared_by_weight(weights: tuple[int, ...], shares: tuple[int, ...]):
    servers = three()
    for server, weight in zip(servers.by_name.values(), weights, strict=True):
        server.weight = weight
    found = chosen(servers, 60)
    assert [found[name] for name in servers.by_name] == list(shares)


def test_a_request_that_a_server_did_not_take_goes_to_another_one():
    servers = three()
    servers.by_name["web03"].told("maint")
    first = servers.next()
    assert first
    second = servers.next(frozenset({first.name}))
    assert second
    assert second.name != first.name
    assert servers.next(frozenset({first.name, second.name})) is None


@pytest.mark.parametrize(
    ("states", "checks", "up"),
    [
        ((), "", True), ((), "-", True), ((), "--", False), ((), "-+-", True), ((), "--+", False), ((), "--++", True), (("drain",), "--", False),
        (("maint",), "--", True), (("drain", "ready"), "", True), (("maint", "ready"), "", True),
    ],
)  # fmt: skip
def test_two_checks_in_a_row_turn_a_server_and_maintenance_asks_none(states: tuple[str, ...], checks: str, up: bool):
    server = BackendServer("web01", "127.0.0.1", 8080)
    for state in states:
        server.told(state)
    for check in checks:
        server.checked(well=check == "+")
    assert server.up is up


def test_a_drained_server_that_was_down_comes_back_down_until_its_checks_pass():
    server = BackendServer("web01", "127.0.0.1", 8080)
    server.told("drain")
    server.doubted()
    server.told("ready")
    assert (server.admin, server.serves) == (0, False)
    server.checked(well=True)
    server.checked(well=True)
    assert server.serves


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("set server shop/web01 state drain", ""), ("set server shop/web09 state drain", "No such server.\n"), ("set server blog/web01 state drain", "No such server.\n"),
        ("set server shop/web01 state away", "'set server <srv>' only supports 'state' and 'health down' here.\n"), ("set weight shop/web01 7", ""),
        ("set weight shop/web01 300", "Absolute weight can only be between 0 and 256 inclusive.\n"), ("show servers state blog", "Can't find backend.\n"),
        ("show proc", "Unknown command.\n"), ("show cli level", "admin\n"), ("show map /m", "0x1 shop on\n"),
    ],
)  # fmt: skip
def test_commands_are_answered_as_haproxy_answers_them(tmp_path: Path, command: str, answer: str):
    (tmp_path / "maintenance.map").write_text("shop on\n")
    api = RuntimeApi("shop", three(), tmp_path / "maintenance.map", 0, lambda name: None)
    assert api.answer(command) == answer
    assert api.is_closed()


def test_several_commands_in_a_line_all_run(tmp_path: Path):
    servers = three()
    api = RuntimeApi("shop", servers, tmp_path / "maintenance.map", 0, lambda name: None)
    assert [api.answer(part.strip()) for part in "set server shop/web01 state drain; set server shop/web01 health down".split(";")] == ["", ""]
    assert (servers.by_name["web01"].admin, servers.by_name["web01"].up, api.is_closed()) == (DRAIN, False, False)
