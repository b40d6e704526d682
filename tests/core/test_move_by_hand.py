"""What a person says to balancers to move the traffic of a blue/green environment without the console."""

from console.core.plan.return_plan import plan_way_back
from console.core.plan.shift_plan import plan_shift_back
from console.core.traffic.move_by_hand import moved_by, moving_lines, side_lines, switched_by
from console.model.balancer import Balancer
from console.model.host import Host
from console.model.host_commands import Command
from console.model.values import changed
from tests.core.balanced import balanced
from tests.core.simulation import OLD, an_environment

HOSTS = tuple(Host(name, color=color, server=server) for name, color, server in (("web01", "blue", ""), ("web02", "green", "app2"), ("web03", "green", "")))
HAPROXY = Balancer("haproxy", Host("lb01"), socket="/run/haproxy/admin.sock", backend="shop")
NGINX = Balancer("nginx", Host("lb02"), file="/etc/nginx/shop.conf", upstream="shop", reload="sudo nginx -s reload")
OTHER = Balancer("command", drain=Command("bin/drain {host}"), restore=Command("bin/restore {host}"))


def lines(*balancers: Balancer) -> tuple[str, ...]:
    return moving_lines(changed(an_environment(1), hosts=HOSTS, balancers=balancers), {"web01"}, {"web02", "web03"})


def test_the_side_that_is_to_serve_comes_in_before_the_other_one_leaves():
    assert lines(HAPROXY) == (
        "at lb01/shop: first set server shop/web01 state ready (on its socket /run/haproxy/admin.sock)",
        "at lb01/shop: then set server shop/app2 state drain; set server shop/web03 state drain (on its socket /run/haproxy/admin.sock)",
    )


def test_each_kind_of_balancer_is_spoken_to_in_its_own_words():
    assert lines(NGINX, OTHER) == (
        "at lb02/shop: first no `down` in the lines of web01 in /etc/nginx/shop.conf; nginx -t; sudo nginx -s reload",
        "at lb02/shop: then `down` in the lines of app2, web03 in /etc/nginx/shop.conf; nginx -t; sudo nginx -s reload",
        "at localhost/command: first bin/restore {host} for web01",
        "at localhost/command: then bin/drain {host} for app2, web03",
    )


def test_a_balancer_that_serves_none_of_them_is_not_named():
    assert lines(changed(HAPROXY, tags=("jobs",))) == ()


def test_where_nobody_knows_which_side_is_to_serve_both_are_told():
    told = side_lines(changed(an_environment(1), hosts=HOSTS, balancers=(OTHER,)))
    assert told == (
        "to blue, at localhost/command: first bin/restore {host} for web01",
        "to blue, at localhost/command: then bin/drain {host} for app2, web03",
        "to green, at localhost/command: first bin/restore {host} for app2, web03",
        "to green, at localhost/command: then bin/drain {host} for web01",
    )


def test_which_hosts_a_way_back_moves_is_read_from_its_plan():
    back = plan_shift_back(balanced(4), ("web01", "web02"), ("web03", "web04"))
    assert moved_by(back) == ({"web01", "web02"}, {"web03", "web04"})
    assert switched_by(back) == set()
    other = plan_way_back(an_environment(2), {"web01": OLD})
    assert (moved_by(other), switched_by(other)) == (None, {"web01"})
