"""docs/recipes/containers.md, as it stands. A container engine's part is played by a script: images are folders, a container is a busybox httpd."""

from pathlib import Path

import pytest

from tests.fleet import Fleet, make_repository
from tests.recipes.recipe import Reader, commands

pytestmark = pytest.mark.real
PODMAN = r"""#!/bin/sh
set -eu
store=/srv/images
mkdir -p "$store"
for last do :; done
case "$1 $2" in
  "image exists") [ -d "$store/$last" ] ;;
  "pull --quiet") mkdir "$store/$last"; echo "${last#*:}" > "$store/$last/healthz" ;;
  "rm --force") [ ! -e "$store/pid" ] || { kill "$(cat "$store/pid")" || :; rm "$store/pid"; } ;;
  "run --detach") [ -d "$store/$last" ]
    setsid busybox httpd -f -p "$(cat /run/fleet/address):8080" -h "$store/$last" < /dev/null > /dev/null 2>&1 & echo $! > "$store/pid" ;;
  *) echo "no such command: $*" >&2; exit 125 ;;
esac
"""


@pytest.fixture
def reader(tmp_path: Path):
    with Fleet(2, tmp_path / "fleet") as fleet:
        reader = Reader("containers", fleet, make_repository(tmp_path / "shop"), tmp_path / "home")
        for host in fleet.names:
            reader.install(host, "podman", PODMAN)
        yield reader
        reader.leaves()


def test_the_recipe(reader: Reader):
    first, second, back, status = commands("containers")
    assert "succeeded" in reader.types(first)
    assert "succeeded" in reader.types(second)
    assert "rolled back" in reader.types(back)
    assert reader.types(status).count("v1.0.0") == 2
    reader.fleet.exec_in("web02", "rm -r /srv/images/shop:v1.0.0")
    assert "v1.0.0 is not on web02" in reader.types(second, code=3)
