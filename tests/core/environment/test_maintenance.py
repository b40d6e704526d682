"""What hosts and balancers show adds up to one state, and silence is never `off`."""

import pytest

from console.core.maintenance_state import balancers_with_page, host_seen, hosts_with_page, is_configured, left_on, state_of, without_end
from console.model.balancer import Balancer
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.host_commands import Command
from console.model.host_facts import HostFacts
from console.model.maintenance_mode import HostMaintenance, Maintenance, MaintenanceSeen, PlaceSeen
from console.safe_text import SafeText

KEPT = Maintenance(SafeText("ada"), SafeText("2026-11-24T12:00:00Z"))
STATES = [
    ("nothing has a page", (), None, "off"),
    ("all off", ("off", "off"), None, "off"),
    ("all off, and on record still", ("off", "off"), KEPT, "off"),
    ("all on", ("on", "on"), None, "on"),
    ("one missed it", ("on", "off"), KEPT, "mixed"),
    ("one is away while it is on", ("on", "unknown"), KEPT, "mixed"),
    ("one is away while it is off", ("off", "unknown"), None, "unknown"),
    ("one is away, and the record says on", ("off", "unknown"), KEPT, "mixed"),
    ("nobody answers", ("unknown", "unknown"), KEPT, "unknown"),
    ("one was cut off in between", ("off", "half"), None, "mixed"),
    ("all were cut off in between", ("half", "half"), None, "mixed"),
]


@pytest.mark.parametrize(("shown", "kept", "state"), [row[1:] for row in STATES], ids=[row[0] for row in STATES])
def test_the_state_of_all_places(shown, kept, state):
    assert state_of([PlaceSeen(f"web{number}", one) for number, one in enumerate(shown)], kept) == state


@pytest.mark.parametrize(
    ("left", "shows"), [(None, "off"), ("on", "on"), ("turning-on", "half"), ("turning-off", "half")], ids=["nothing", "on", "cut off on", "cut off off"]
)
def test_what_a_host_shows_is_what_was_left_there(left, shows):
    seen = host_seen(HostFacts("web01", maintenance=HostMaintenance(left, SafeText("ada"), SafeText("noon")) if left else None))
    assert seen.shows == shows
    assert (f"maintenance_{left.removeprefix('turning-')} was begun by ada at noon" in seen.why) if shows == "half" else not seen.why


def test_a_host_without_an_answer_is_unknown_and_says_why():
    seen = host_seen(HostFacts("web01", problem=SafeText("no route"), hint=SafeText("ping it"), maintenance=HostMaintenance("on")))
    assert (seen.shows, seen.why, seen.hint) == ("unknown", "no route", "ping it")


def an_environment(**fields: object) -> Environment:
    return Environment("shop", "production", "/srv/shop", (Host("web01", tags=("web",)), Host("job01", tags=("jobs",))), **fields)  # type: ignore[arg-type]


def test_hosts_and_balancers_count_where_they_have_a_page():
    on, off = Command("touch on"), Command("rm on")
    everywhere = an_environment(commands={"maintenance_on": on, "maintenance_off": off})
    web = an_environment(tag_commands={"web": {"maintenance_on": {"run": "touch on"}}})
    balanced = an_environment(balancers=(Balancer("haproxy", backend="shop", maintenance=True), Balancer("nginx", upstream="other")))
    assert [host.name for host in hosts_with_page(everywhere)] == ["web01", "job01"]
    assert ([host.name for host in hosts_with_page(web)], without_end(web), without_end(everywhere)) == (["web01"], ("web01",), ())
    assert (balancers_with_page(balanced), hosts_with_page(balanced)) == (("localhost/shop",), ())
    assert [is_configured(one) for one in (everywhere, web, balanced, an_environment())] == [True, True, True, False]


def test_who_switched_it_on_is_read_from_the_hosts_where_the_record_does_not_know():
    on = HostMaintenance("on", SafeText("lin"), SafeText("noon"), SafeText("one"), SafeText("upgrade"), "r1")
    assert left_on((HostFacts("web01"), HostFacts("web02", maintenance=on))) == Maintenance(
        SafeText("lin"), SafeText("noon"), SafeText("upgrade"), SafeText("one"), "r1"
    )
    assert left_on((HostFacts("web01", maintenance=HostMaintenance("turning-on")),)) is None


def test_a_mark_tells_one_time_of_maintenance_from_another():
    marks = {MaintenanceSeen("off").mark, MaintenanceSeen("on", kept=KEPT).mark, MaintenanceSeen("mixed", kept=KEPT).mark}
    later = MaintenanceSeen("on", kept=Maintenance(KEPT.by, SafeText("2026-11-24T13:00:00Z"))).mark
    assert len(marks | {later}) == 4
