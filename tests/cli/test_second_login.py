"""Two people of this machine on one run: the one who began it, and another uid in the group that shares the state folder."""

import grp
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.other_login import OTHER
from tests.cli.product import Product, until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be two people")
TOP = Path(__file__).parents[2]
GROUP = grp.getgrgid(OTHER.pw_gid).gr_name
OPEN_LOG = f"""
import os, sys
from console.client.engines import _log
from console.wire.address import log_path
os.setgroups([])
os.setgid({OTHER.pw_gid})
os.setuid({OTHER.pw_uid})
os.close(_log(log_path(sys.argv[1], "shop", "production")))
"""
"""Opens an engine's log as the other person."""


@pytest.fixture
def product():
    """A fleet whose state folder a group shares, and whose file names the other person."""
    made = Product(2)
    try:
        yield made
    finally:
        made.close()


def share(product: Product, access: str) -> None:
    """What an admin does: the state folder is the group's, and the file says who may do what."""
    state = Path(product.environ["DEPLOY_STATE"])
    for folder in (state, *state.parents):
        if folder == Path("/tmp"):
            break
        folder.chmod(folder.stat().st_mode | 0o011)
    for path in (state, *state.rglob("*")):
        os.chown(path, 0, OTHER.pw_gid)
        path.chmod(0o2770 if path.is_dir() else 0o660)
    config = Path(product.config)
    config.write_text(f"{config.read_text()}\n[access]\n{access}\n")


def as_other(product: Product, *words: str) -> tuple[int, str]:
    """Run a command as the other person: exit code, and what it printed on standard output and error."""
    argv = [sys.executable, "-m", "tests.cli.other_login", *words]
    ran = subprocess.run(argv, check=False, cwd=TOP, env=product.environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    return ran.returncode, ran.stdout + ran.stderr


def begun(product: Product) -> str:
    """Begin a run that pauses after its first host, and return its id."""
    config = Path(product.config)
    config.write_text(config.read_text().replace("[environments.production.rolling]\n", "[environments.production.rolling]\npause_after = 1\n"))
    out, _ = product.deploy("-c", product.config, "production", "--version", "v1.4.2", "--yes", "--json", code=9)
    return str(json.loads(out.splitlines()[-1])["run"])


def test_another_operator_joins_pauses_and_takes_the_run_to_its_end(product: Product):
    share(product, 'operators = ["root", "nobody"]')
    run = begun(product)
    code, said = as_other(product, "continue")
    assert code == 0, said
    code, said = as_other(product, "attach", "--json")
    assert (code, json.loads(said.splitlines()[-1])["outcome"]) == (0, "succeeded"), said
    events = [json.loads(line) for line in product.deploy("events", run)[0].splitlines()]
    continued = next(event for event in events if event["type"] == "continued")
    assert (continued["by"]["name"], continued["by"]["uid"]) == (OTHER.pw_name, OTHER.pw_uid)


def test_one_who_may_only_look_is_told_who_may_act(product: Product):
    share(product, f'operators = ["root"]\nviewers = ["@{GROUP}"]')
    run = begun(product)
    code, said = as_other(product, "attach", "--plain", "--wait-for-person", "1s")
    assert run in said, said
    assert code in (7, 9), said
    code, said = as_other(product, "continue")
    assert code == 2, said
    assert "nobody may not change this environment" in said
    assert "operators are named by [access]" in said
    as_other(product, "continue")
    events = [json.loads(line) for line in product.deploy("events", run)[0].splitlines()]
    refused = [(event["by"]["name"], event["command"]) for event in events if event["type"] == "command-refused"]
    assert refused == [(OTHER.pw_name, "continue")]  # what is tried again and again is written down once a minute
    product.deploy("abort")


def test_what_one_login_leaves_another_can_go_on_with(product: Product):
    """ada releases, her engine ends, lin releases: nothing in the folder has the modes of who made it, whatever the umask."""
    config, umask = Path(product.config), os.umask(0o077)
    share(product, 'operators = ["root", "nobody"]')
    config.write_text(
        config.read_text().replace('repository = "shop"', f'repository = "file://{config.parent}/shop"\n[app.build]\ncommand = "umask 077; mkdir own"')
    )
    state = Path(product.environ["DEPLOY_STATE"])
    try:
        product.deploy("-c", product.config, "production", "--version", "v1.4.2", "--yes")
        product.deploy("engine", "stop")
        for path in (state, *state.rglob("*")):
            found = path.lstat()
            if "objects" in path.parts or path.name.endswith(".sock"):
                continue  # git's objects are read-only; a socket is opened to whom the file names
            expected = {0o2770} if stat.S_ISDIR(found.st_mode) else {0o660, 0o770}
            assert stat.S_IMODE(found.st_mode) in expected, f"{path}: {stat.S_IMODE(found.st_mode):o}"
            assert found.st_gid == OTHER.pw_gid, path
    finally:
        os.umask(umask)
    log = state / "run" / "shop@production.log"
    log.chmod(0o600)  # as an earlier version left it
    ran = subprocess.run([sys.executable, "-c", OPEN_LOG, str(state)], check=False, cwd=TOP, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert (log.owner(), stat.S_IMODE(log.stat().st_mode)) == (OTHER.pw_name, 0o660)


def test_a_stranger_is_told_that_the_folder_is_not_theirs(product: Product):
    share(product, 'operators = ["root"]')
    begun(product)
    code, said = as_other(product, "attach")
    assert code == 2, said
    assert "nobody" in said, said
    product.deploy("abort")


def test_a_release_of_high_risk_waits_for_another_person_who_joins(product: Product):
    share(product, 'operators = ["root", "nobody"]')
    release = ("-c", product.config, "production", "--version", "v1.4.2", "--risk", "high", "--yes", "--json", "--override", "announcement=told by phone")
    out, _ = product.deploy(*release, code=3)
    assert "1 more operator is needed" in json.loads(out.splitlines()[-1])["problems"][0]["message"]
    viewer = product.start(*release, "--wait-for-person", "60s")
    until(viewer.stdout, '"id":"team"')
    code, said = as_other(product, "attach", "--json")
    assert code == 0, said
    out, err = viewer.communicate(timeout=300)
    assert viewer.returncode == 0, err
    run = json.loads(out.splitlines()[-1])["run"]
    events = [json.loads(line) for line in product.deploy("events", run)[0].splitlines()]
    joined = next(event for event in events if event["type"] == "operator-joined")
    assert (joined["by"]["name"], joined["by"]["uid"]) == (OTHER.pw_name, OTHER.pw_uid)
