"""What runs on a host inside a durable step: POSIX sh texts as values. Pure; they are sent by the engine and run under the wrapper's fence.

`current` is only ever changed by one rename of a link that was made inside the lock's own folder: whoever lost the lock finds no source.
"""

from collections.abc import Mapping

from console.core.shell import exports, quote
from console.model.fleet import Command

RELEASE_NAME = "[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]*"


def _in(path: str, *lines: str) -> str:
    return "\n".join(["set -eu", f"cd {quote(path)}", *lines])


def _noted(run: str, what: str, release: str, before: str) -> str:
    words = " ".join(quote(word) for word in (run, what, release or "-", before or "-"))
    return f'printf "%s\\t%s\\t%s\\t%s\\t%s\\n" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" {words} >> .deploy/history'


def switch(path: str, epoch: str, release: str, before: str) -> str:
    """Make a release live by one rename, and write down what was live before it. Already live is done."""
    target, lock, run = quote(f"releases/{release}"), quote(f".deploy/lock/{epoch}"), epoch.rpartition(".")[0]
    return _in(
        path,
        f'if [ ! -d {target} ]; then echo "releases/{release} is not on this host" >&2; exit 3; fi',
        f'if [ "$(readlink current 2>/dev/null)" = {target} ]; then exit 0; fi',
        _noted(run, "switch", release, before),
        f"ln -sfn {target} {lock}/current",
        f"mv -fT {lock}/current current",
        f'[ "$(readlink current)" = {target} ]',
    )


def remove_current(path: str, epoch: str, before: str) -> str:
    """Take `current` away: the way back from a first release."""
    lock, run = quote(f".deploy/lock/{epoch}"), epoch.rpartition(".")[0]
    return _in(
        path,
        "[ -L current ] || exit 0",
        _noted(run, "switch", "", before),
        f"mv -fT current {lock}/removed",
        f"rm -f {lock}/removed",
    )


def link_shared(path: str, release: str, shared: tuple[str, ...]) -> str:
    """Link what outlives releases from shared/ into a release; folders end in `/` and are made, a file must be there."""
    lines = [line for name in shared for line in _linked(release, name)]
    return _in(path, "mkdir -p shared", *lines)


def _linked(release: str, name: str) -> list[str]:
    plain = name.rstrip("/")
    up = "../" * (2 + plain.count("/"))
    source, place = quote(f"shared/{plain}"), quote(f"releases/{release}/{plain}")
    make = f"mkdir -p {source}" if name.endswith("/") else f"[ -e {source} ] || {{ echo {quote(f'shared/{plain} is not on this host')} >&2; exit 3; }}"
    parent = quote(f"releases/{release}/{plain}".rpartition("/")[0])
    return [make, f"mkdir -p {parent}", f"[ -L {place} ] || rm -rf {place}", f"ln -sfn {quote(f'{up}shared/{plain}')} {place}"]


def user_command(folder: str, variables: Mapping[str, str], command: Command) -> str:
    """One of the file's commands, by `sh -eu` in a folder. Variables travel on standard input, never in an argv, also through sudo."""
    body = "\n".join([exports(variables), f"cd {quote(folder)}", "set -eu", command.run])
    if command.run_as:
        become = f"sudo -n -u {quote(command.run_as)} -- sh -c 'p=$(cat); exec </dev/null; eval \"$p\"'"
        return f"printf %s {quote(body)} | {become}"
    return f"printf %s {quote(body)} | sh -c 'p=$(cat); exec </dev/null; eval \"$p\"'"


def mark_healthy(path: str, run: str, release: str) -> str:
    """Write down that a run left this release live and verified."""
    return _in(path, _noted(run, "healthy", release, ""))


def prune(path: str, keep: int, protect: tuple[str, ...]) -> str:
    """Remove releases beyond the newest `keep`: never a protected one, the live one, one that a process runs from, or what is no release."""
    kept = " ".join(quote(name) for name in protect)
    return _in(
        path,
        'live=$(readlink current 2>/dev/null || true); live=${live##*/}',
        "used=$(for p in /proc/[0-9]*; do readlink \"$p/cwd\" \"$p/exe\" 2>/dev/null; done || true)",
        "count=0",
        f"for folder in $(ls -1d releases/{RELEASE_NAME}/ 2>/dev/null | sort -r); do",
        "  name=${folder#releases/}; name=${name%/}",
        '  [ -d "releases/$name" ] && [ ! -L "releases/$name" ] || continue',
        f'  case " $live {kept} " in *" $name "*) continue;; esac',
        "  count=$((count + 1))",
        f"  [ $count -gt {keep} ] || continue",
        '  case "$used" in *"/releases/$name"*) echo "$name is still in use"; continue;; esac',
        '  rm -rf "releases/$name"; echo "removed $name"',
        "done",
    )  # fmt: skip
