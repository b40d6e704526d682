"""`deploy status` as a table: what each host is said to be."""

import pytest

from console.cli.fleet_commands import status_lines

ROW = {"host": "web01", "reachable": True, "release": "r1", "version": "v1", "commit": "a" * 40, "drift": None, "healthy": True, "problem": ""}


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, "verified"), ({"drained": False}, "verified"), ({"drained": True}, "verified, drained"),
        ({"drained": True, "drift": "app.py was changed"}, "verified, drained, drift: app.py was changed"),
        ({"reachable": False, "problem": "no route", "drained": True}, "not reached: no route"),
    ],
)  # fmt: skip
def test_a_host_that_a_run_left_without_requests_is_called_drained(fields: dict[str, object], state: str):
    found = {"environment": "staging", "maintenance": "off", "run": None, "locked_by": None, "owed": [], "hosts": [ROW | fields]}
    assert status_lines(found)[-1].endswith(f"  {state}")
