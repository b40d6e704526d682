"""Where a release is a version alone: whether each host still has the version that it would return to. Asked by the file's `has`.

A host that no longer has it, or cannot say, has no intact release there: core's rules on damaged releases do the rest.
"""

from typing import Final

from console.engine.pacing import on_each
from console.model.configured_checks import CheckSpec
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.host_facts import HostFacts, HostRelease
from console.model.values import changed
from console.ports.gates import CheckRunner
from console.safe_text import SafeText

HAS: Final = "has"


async def with_kept_versions(
    environment: Environment, checks: CheckRunner, hosts: tuple[Host, ...], facts: tuple[HostFacts, ...], goes_to: dict[str, str]
) -> tuple[HostFacts, ...]:  # fmt: skip
    """Return the facts with what `has` says. `goes_to`: by host, the release that it is asked about; empty: the one that is live."""
    if environment.ship == "files":
        return facts

    async def asked(pair: tuple[Host, HostFacts]) -> HostFacts:
        host, fact = pair
        release = fact.release(goes_to.get(host.name) or fact.current)
        if fact.problem or release is None or not release.whole or environment.command(host, HAS) is None:
            return fact
        damage = await _missing(environment, checks, host, release)
        return _without(fact, release, damage) if damage else fact

    return tuple(await on_each(tuple(zip(hosts, facts, strict=True)), asked))


async def _missing(environment: Environment, checks: CheckRunner, host: Host, release: HostRelease) -> SafeText:
    """Why the host cannot go to that version; empty: it has it."""
    command = environment.command(host, HAS)
    spec = CheckSpec(HAS, "command", command=command, on="host", timeout=command.timeout if command else 0.0)
    values = {"version": str(release.version), "commit": release.commit, "release": release.id, "env": environment.name, "run": ""}
    for _, finding in await checks.ask(environment, spec, (host,), values):
        if finding.status == "failed":
            return SafeText(f"{release.version} is not on {host.name} any more ({finding.seen})")
        if finding.status != "passed":
            return SafeText(f"it is not known whether {release.version} is still on {host.name} ({finding.seen})")
    return SafeText("")


def _without(fact: HostFacts, release: HostRelease, damage: SafeText) -> HostFacts:
    gone = changed(release, whole=False, damage=damage)
    return changed(fact, releases=tuple(gone if known.id == release.id else known for known in fact.releases))
