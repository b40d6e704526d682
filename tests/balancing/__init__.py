"""Real balancers before small real web servers, here or on a host of a fleet; knows nothing of the console."""

from tests.balancing.haproxy import Haproxy
from tests.balancing.machine import Machine, here
from tests.balancing.nginx import Nginx
from tests.balancing.web import Web, ask

__all__ = ["Haproxy", "Machine", "Nginx", "Web", "ask", "here"]
