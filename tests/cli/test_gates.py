"""What a release has to pass before it begins: freezes, and the same commit verified in another environment. On a fleet, by the command line."""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.product import Product
from tests.receiver import Receiver


@pytest.fixture
def product() -> Iterator[Product]:
    started = Product(2)
    yield started
    started.close()


def append(product: Product, text: str) -> None:
    file = Path(product.config)
    file.write_text(f"{file.read_text()}\n{text}")


def blocking(result: dict[str, object]) -> dict[str, str]:
    return {check["id"]: check["detail"] for check in result["checks"] if check["status"] in ("failed", "error")}  # type: ignore[attr-defined]


def test_a_freeze_is_a_no_go_until_it_is_overridden_and_the_reason_is_on_record(product: Product):
    append(product, '[[environments.production.freezes]]\nfrom = 2000-01-01\nto = 2999-12-31\nreason = "year\'s end"\n')
    release = ("-c", product.config, "production", "--version", "v1.4.2", "--yes")
    found = product.result("-c", product.config, "check", "--version", "v1.4.2", code=3)
    assert "year's end" in blocking(found)["freeze"]
    refused = product.result(*release, code=3)
    assert "year's end" in refused["problems"][0]["message"]
    assert product.live() == {"v1.4.1"}
    result = product.result(*release, "--override", "freeze=CVE-2026-1")
    events = [json.loads(line) for line in product.deploy("events", result["run"])[0].splitlines()]
    decided = next(event for event in events if event["type"] == "decided")
    assert decided["overrides"] == [["freeze", "CVE-2026-1"]]


def test_the_same_commit_verified_in_staging_opens_production_and_another_does_not(product: Product):
    split_into_staging_and_production(product)
    production = ("-c", product.config, "production", "--yes", "--version")
    found = product.result("-c", product.config, "check", "production", "--version", "v1.4.2", code=3)
    assert set(blocking(found)) == {"staging"}
    assert "was not verified in staging" in blocking(found)["staging"]
    assert product.result("-c", product.config, "staging", "--yes", "--version", "v1.4.2")["outcome"] == "succeeded"
    product.result(*production, "v1.5.1", code=3)
    assert product.result(*production, "v1.4.2")["outcome"] == "succeeded"


def commit(product: Product, version: str, **files: str) -> str:
    """Commit those files on top of v1.4.2 and name that."""
    folder = Path(product.ready["repository"])
    git = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.net"]
    subprocess.run([*git, "checkout", "-q", "--detach", "v1.4.2"], check=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", f"Release {version}"], check=True)
    subprocess.run([*git, "branch", "-qf", "main"], check=True)
    subprocess.run([*git, "tag", version], check=True)
    return version


def test_a_commit_that_ships_the_same_is_verified_with_the_other(product: Product):
    split_into_staging_and_production(product)
    product.result("-c", product.config, "staging", "--yes", "--version", "v1.4.2")
    same = commit(product, "v1.4.3")
    found = product.result("-c", product.config, "check", "production", "--version", same)
    assert "verified in staging as v1.4.2" in next(check["detail"] for check in found["checks"] if check["id"] == "staging")
    assert product.result("-c", product.config, "production", "--yes", "--version", same)["outcome"] == "succeeded"
    assert "staging" in blocking(product.result("-c", product.config, "check", "production", "--version", commit(product, "v1.4.4", readme="x"), code=3))


def test_a_build_with_the_same_digest_opens_the_gate_and_one_that_comes_out_otherwise_is_not_shipped(product: Product):
    split_into_staging_and_production(product)
    file = Path(product.config)
    salt = Path(product.environ["DEPLOY_STATE"]) / "salt"
    salt.write_text("1")
    command = f"mkdir out && cp -r app.py behaviour.json VERSION bin {salt} out"
    file.write_text(file.read_text().replace("[app.commands]", f'[app.build]\ncommand = "{command}"\noutput = "out"\n\n[app.commands]', 1))
    product.result("-c", product.config, "staging", "--yes", "--version", "v1.4.2")
    other = commit(product, "v1.4.3", readme="not in the build")
    production = ("-c", product.config, "production", "--version", other, "--yes")
    assert "staging" in blocking(product.result("-c", product.config, "check", "production", "--version", other, code=3))
    part = product.result("-c", product.config, "staging", "--yes", "--hosts", "web01", "--version", other)
    packed = [json.loads(line) for line in product.deploy("events", part["run"])[0].splitlines() if "release-packed" in line]
    assert len(packed) == 1
    found = product.result("-c", product.config, "check", "production", "--version", other)
    verdict = next(check["detail"] for check in found["checks"] if check["id"] == "staging")
    assert f", which ships the same (content {packed[0]['content'][:7]})" in verdict
    salt.write_text("2")
    refused = product.result(*production, code=1)
    assert "the release is not what was verified in staging" in refused["problems"][0]["message"]
    assert product.live() == {"v1.4.1"}
    salt.write_text("1")
    assert product.result(*production)["outcome"] == "succeeded"


def split_into_staging_and_production(product: Product) -> None:
    """The first host becomes staging, the second production, which requires it."""
    file = Path(product.config)
    text = file.read_text()
    head, production = text[: text.index("[environments.production]")], text[text.index("[environments.production]") :]
    hosts = [line for line in production.splitlines() if "name = " in line and "address" in line]
    staging = production.replace("environments.production", "environments.staging").replace("protected = true\n", "").replace(f"{hosts[1]}\n", "")
    production = production.replace("protected = true\n", 'protected = true\nrequires = "staging"\n').replace(f"{hosts[0]}\n", "")
    file.write_text(f"{head}{staging}{production}")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def test_people_are_told_before_the_first_change_and_how_it_ended(product: Product, receiver: Receiver):
    product.environ["OPS_URL"] = receiver.address
    append(product, '[environments.production.announce]\nto = [{ env = "OPS_URL" }]\nrequired = true\n')
    notes = Path(product.environ["DEPLOY_STATE"]) / "notes.md"
    notes.write_text("Mended:\n- the basket\n\nAsk ada.\n")
    release = ("-c", product.config, "production", "--yes", "--notes", str(notes), "--version")
    receiver.status = 503
    refused = product.result(*release, "v1.4.2", code=3)
    assert "503" in refused["problems"][0]["message"]
    assert product.live() == {"v1.4.1"}
    receiver.status = 200
    heard = [json.loads(line) for line in product.deploy(*release, "v1.5.0", "--json", code=4)[0].splitlines()]
    result = heard[-1]
    assert [one["type"] for one in heard[-4:]] == ["run-ended", "locks-released", "announcement-sent", "result"]
    assert len(receiver.messages) == 2
    assert ["releasing v1.5.0" in receiver.messages[0]["title"], "ROLLED BACK" in receiver.messages[1]["title"]] == [True, True]
    assert "\n\nMended:\n- the basket\n\nAsk ada.\n\nby " in receiver.messages[0]["message"]
    told = product.result("report", result["run"], "--format", "json")["announcements"]
    assert [(one["moment"], one["body"]) for one in told[:1]] == [("before", receiver.messages[0]["message"])]
    out, _ = product.deploy("report", result["run"])
    assert "      - the basket\n\n      Ask ada." in out
    out, _ = product.deploy("events", result["run"])
    assert "s3cret" not in out
    events = [json.loads(line) for line in out.splitlines()]
    kinds = [event["type"] for event in events]
    assert kinds.index("announcement-sent") < kinds.index("decided") < kinds.index("step-started")
    state = Path(product.environ["DEPLOY_STATE"])
    assert not [file for file in state.rglob("*") if file.is_file() and b"s3cret" in file.read_bytes()]


def test_one_who_does_not_wait_for_the_last_announcement_has_the_runs_code(product: Product, receiver: Receiver):
    closed = Path(product.environ["DEPLOY_STATE"]) / "closed"
    announce = f'[environments.production.announce]\nto = ["{receiver.address}"]\n'
    append(product, f"{announce}[environments.production.ticket]\nclose = 'printf %s {{version}} >> {closed}'\n")
    assert "once it is live, the ticket is closed by printf %s v1.4.2 >>" in product.deploy("-c", product.config, "check", "--version", "v1.4.2")[0]
    running = product.start("-c", product.config, "production", "--version", "v1.4.2", "--yes", "--json")
    assert running.stdout
    for line in running.stdout:
        if json.loads(line)["type"] == "decided":
            receiver.delay = 5.0
        if json.loads(line)["type"] == "run-ended":
            break
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=300)
    result = json.loads(out.splitlines()[-1])
    assert result["outcome"] == "succeeded"
    assert running.returncode == 0, err
    product.deploy("attach", result["run"])
    assert closed.read_text() == "v1.4.2"
    assert '"type":"ticket-closed"' in product.deploy("events", result["run"])[0]


def test_a_major_change_goes_only_when_somebody_is_told_or_with_a_reason(product: Product):
    release = ("-c", product.config, "production", "--yes", "--version", "v1.4.2", "--risk", "high")
    found = product.result("-c", product.config, "check", "--version", "v1.4.2", "--risk", "high", code=3)
    assert set(blocking(found)) == {"announcement"}
    product.result(*release, code=3)
    out, err = product.deploy(*release, "--override", "announcement=told by phone", "--override", "team=alone at night")
    assert "--risk high --yes" in err
    assert "succeeded" in out


def test_check_shows_what_people_would_be_told_and_tells_nobody(product: Product, receiver: Receiver):
    product.environ["OPS_URL"] = receiver.address
    append(product, '[environments.production.announce]\nto = [{ env = "OPS_URL" }]\n')
    found = product.result("-c", product.config, "check", "--version", "v1.4.2", "--downtime", "5m")
    assert found["announcement"]["title"] == "shop production: releasing v1.4.2"
    assert "Downtime: 5m" in found["announcement"]["body"]
    out, _ = product.deploy("-c", product.config, "check", "--version", "v1.4.2")
    assert "said     shop production: releasing v1.4.2" in out
    assert receiver.messages == []
