"""HAProxy's answers, and its configuration as tables; and answers that are cut short."""

import pytest

from console.adapters.balancers.haproxy_state import Process, map_file, map_value, read_process, workers
from console.adapters.balancers.haproxy_talk import talk
from console.adapters.balancers.haproxy_warnings import Settings, settings_of
from console.adapters.scripted_hosts import ScriptedTransport
from console.model.host import Host
from console.ports.hosts import Unreached

PROC = """#<PID>          <type>          <reloads>       <uptime>        <version>
23385           master          2 [failed: 0]   0d00h00m10s     2.6.12
# workers
23390           worker          0               0d00h00m10s     2.6.12
# old workers
23386           worker          2               0d00h01m10s     2.6.12
23387           worker          1               0d00h01m10s     2.6.12
# programs
23300           program         -               -               -
"""
STATE = """1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_check_state srv_new_column
3 shop 1 web01 127.0.0.1 {op} {admin} 1 1 {checks} x
4 other 1 web01 127.0.0.1 0 1 1 1 6 x"""
STAT = "# pxname,svname,qcur,scur,status,throttle,\nshop,web01,{queued},{current},UP 1/3,{throttle},\n"


def test_a_master_names_its_workers_and_a_worker_is_no_master():
    assert workers(PROC) == [("23390", False), ("23386", True), ("23387", True)]
    assert workers("Unknown command, but maybe one of the following ones is a better match:") is None


def read(op=2, admin=0, checks=6, queued="0", current="3", throttle=""):
    answers = [
        "admin",
        "Pid: 9\nStart_time_sec: 100",
        STATE.format(op=op, admin=admin, checks=checks),
        STAT.format(queued=queued, current=current, throttle=throttle),
        "",
    ]
    return read_process(Process(""), answers, "shop")


@pytest.mark.parametrize(
    ("admin", "admission"),
    [(0, "in"), (0x01, "out"), (0x02, "out"), (0x04, "out"), (0x05, "out"), (0x08, "drained"), (0x10, "drained"), (0x09, "out"), (0x20, "out"), (0x40, "in")],
)
def test_what_it_was_told_of_a_server_is_in_the_bits(admin, admission):
    assert read(admin=admin).servers["web01"].admission == admission


@pytest.mark.parametrize(("op", "throttle", "ramps"), [(1, "6%", True), (2, "6%", True), (2, "100%", False), (2, "", False), (0, "", False), (1, "", True)])
def test_a_growing_share(op, throttle, ramps):
    assert read(op=op, throttle=throttle).servers["web01"].ramps is ramps


@pytest.mark.parametrize(("current", "queued", "sessions"), [("3", "2", 5), ("", "0", None), ("0", "", None), ("x", "1", None)])
def test_sessions_are_known_or_not(current, queued, sessions):
    assert read(current=current, queued=queued).servers["web01"].sessions == sessions


@pytest.mark.parametrize(("checks", "is_checked"), [(6, True), (0, False), (2, False), (7, True)])
def test_whether_it_is_checked(checks, is_checked):
    assert read(checks=checks).servers["web01"].is_checked is is_checked


@pytest.mark.parametrize("state", ["Can't find backend.", "", "1", "1\n# be_id be_name srv_name\n3 shop web01", STATE.format(op="?", admin=0, checks=0)])
def test_an_answer_without_its_columns_is_no_state(state):
    process = read_process(Process(""), ["admin", "", state, "", ""], "shop")
    assert (process.servers, bool(process.problem)) == ({}, True)


def test_maps_by_their_files_and_keys():
    maps = "# id (file) description\n-1 (/etc/h/hosts.map) pattern\n0 (/etc/h/maintenance.map) pattern loaded"
    assert [map_file(maps, wanted) for wanted in ("", "/etc/h/hosts.map", "/etc/h/none.map")] == ["/etc/h/maintenance.map", "/etc/h/hosts.map", ""]
    assert map_file("# id (file) description", "") == ""
    values = "0x55814e7ec940 shop on\n0x55814e7ec941 shop2 off"
    assert [map_value(values, key) for key in ("shop", "shop2", "hop")] == ["on", "off", ""]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("defaults\noption redispatch 1\nbackend shop", True),
        ("defaults\nbackend shop", False),
        ("defaults\noption redispatch\nbackend shop\nno option redispatch", False),
        ("defaults\nbackend shop\noption redispatch\nbackend other", True),
        ("defaults\noption redispatch\ndefaults\nbackend shop", False),
        ("defaults a\noption redispatch\ndefaults b\nbackend shop from a", True),
        ("backend shop", False),
        ("listen shop\noption redispatch", True),
        ("defaults\noption redispatch\nfrontend shop", None),
        ("", None),
    ],
)
def test_whether_a_backend_redispatches(lines, expected):
    assert settings_of(lines, "shop").redispatches is expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("defaults\nretries 0\nbackend shop", 0),
        ("defaults\nretries 0\nbackend shop\nretries 2", 2),
        ("defaults\nbackend shop", 3),
        ("defaults\nbackend shop\noption redispatch", 3),
        ("backend shop\nretries", 3),
        ("backend other\nretries 1", None),
    ],
)
def test_how_often_a_backend_tries_again(lines, expected):
    assert settings_of(lines, "shop").retries == expected
    assert settings_of("", "shop") == Settings()


class Said:
    """A stream that says so much and ends."""

    def __init__(self, text):
        self.text = text.encode()

    async def read(self, limit):
        said, self.text = self.text[:limit], self.text[limit:]
        return said

    async def write(self, data):
        pass

    async def close(self):
        pass


@pytest.mark.parametrize(
    ("said", "answers"),
    [
        ("\n> admin\n\n> \n> ", ["admin", ""]),
        ("master> admin\n\nmaster> \nmaster> master> ", ["admin", ""]),
        ("\n> admin\n\n> ", None),
        ("\n> admin", None),
        ("", None),
    ],
)
async def test_an_answer_that_is_cut_short_is_none(said, answers):
    transport = ScriptedTransport()
    transport.sockets["lb01", "/s"] = lambda: Said(said)
    found = await talk(transport, Host("lb01"), "/s", ["show cli level", "set x"], deadline=60)
    assert found == answers or (answers is None and isinstance(found, Unreached) and "of 2 commands" in found.message)
