"""A real nginx, started with a folder of its own, and ended with all of its processes."""

import contextlib
import time

from tests.balancing.machine import Machine
from tests.balancing.web import Web
from tests.reserved import free_port

CONFIG = """\
{user}
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
{more}
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/upstreams/*.conf;
    server {{
        listen 127.0.0.1:{port};
        location = /healthz {{ proxy_pass http://shop; }}
        location / {{
            if (-f {folder}/upstreams/shop.conf.maintenance) {{ return 503; }}
            proxy_pass http://shop;
        }}
    }}
}}
"""


class Nginx:
    """One with two workers. `servers` is name (in a comment) to web server."""

    def __init__(self, machine: Machine, servers: dict[str, Web], *, more: str = "", upstream: str = "") -> None:
        self.machine = machine
        self.port = free_port()
        self.pid = f"{machine.folder}/nginx.pid"
        lines = "\n".join(f"    server {web.address}:{web.port} max_fails=0; # {name}" for name, web in servers.items())
        self.file = machine.write("upstreams/shop.conf", upstream or f"# by hand\nupstream shop {{\n{lines}\n}}\n")
        self.write(more)
        self.test = f"nginx -t -e {machine.folder}/error.log -c {machine.folder}/nginx.conf"
        self.reload = self.test.replace("-t", "-s reload", 1)
        machine.run(f"PATH=$PATH:/usr/sbin; nginx -e {machine.folder}/error.log -c {machine.folder}/nginx.conf 2>&1")
        self.await_workers()

    def write(self, more: str = "", port: int = 0) -> None:
        """Write the configuration."""
        user = "user root;" if self.machine.run("id -u").strip() == "0" else ""
        self.machine.write("nginx.conf", CONFIG.format(user=user, folder=self.machine.folder, port=port or self.port, more=more))

    def await_workers(self) -> None:
        """Wait until it takes requests."""
        end = time.monotonic() + 60
        while len(self.machine.run(f"p=$(cat {self.pid}); cat /proc/$p/task/$p/children").split()) < 2:
            assert time.monotonic() < end
            time.sleep(0.02)

    def set_down(self, name: str) -> None:
        """Do by hand what a person does, and reload."""
        self.machine.run(f"PATH=$PATH:/usr/sbin; sed -i '/# {name}$/s/;/ down;/' {self.file}; {self.reload} 2>&1; sleep 0.3")

    def text(self) -> str:
        """The file as it stands."""
        return self.machine.run(f"cat {self.file}")

    def stop(self) -> None:
        """End it, and its old workers."""
        with contextlib.suppress(AssertionError):
            self.machine.run(f"p=$(cat {self.pid}); c=$(cat /proc/$p/task/$p/children); kill -9 $p $c; rm -f {self.pid}")
