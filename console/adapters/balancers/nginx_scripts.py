"""What is run on nginx's machine, as POSIX sh: a look at the file and the processes, the change of the file, and the flag of the maintenance page.

A reload closes connections that clients keep, in the moment in which they may send their next request. Where its configuration asks for the flag `closing`,
that is set first: each answer then ends its connection, and none is kept at the reload. A reload says nothing of its success: it returns 0 where the new
configuration could not be used. So processes are counted before and after.
"""

import shlex
from dataclasses import dataclass

_WAYS = "PATH=$PATH:/usr/sbin:/sbin; LC_ALL=C; export PATH LC_ALL\n"

_LOOK = """\
f={file}; p={pid}; flag={flag}
if [ ! -r "$f" ]; then echo "unreadable $(id -un)"; exit 0; fi
echo "digest $(sha256sum < "$f" | cut -c 1-64)"
m=$(cat "$p" 2>/dev/null || :)
if [ -n "$m" ] && [ -d "/proc/$m" ]; then
    echo "master $m"
    for w in $(cat "/proc/$m/task/$m/children" 2>/dev/null || ps -o pid= --ppid "$m"); do
        echo "child $w $(tr '\\0' ' ' < "/proc/$w/cmdline" 2>/dev/null || :)"
    done
fi
d=${{f%/*}}
grep -RsqF -- "$flag" "$d" "${{d%/*}}/nginx.conf" "${{d%/*}}/conf.d" "${{d%/*}}/sites-enabled" "${{d%/*}}/snippets" && echo page
[ -e "$flag" ] && echo shown
grep -RsqF -- "$f.closing" "$d" "${{d%/*}}/nginx.conf" "${{d%/*}}/conf.d" "${{d%/*}}/sites-enabled" "${{d%/*}}/snippets" && echo closing
grep -RhsE '^[[:space:]]*worker_shutdown_timeout' "$d" "${{d%/*}}/nginx.conf" | sed 's/^ */timeout /'
echo text
cat "$f"
"""

_CHANGE = """\
set -eu
f={file}; d=${{f%/*}}; n=${{f##*/}}; new="$d/.$n.deploy-new"; before="$d/.$n.deploy-before"
have() {{ sha256sum < "$f" | cut -c 1-64; }}
[ "$(have)" = {digest} ] || exit 3
trap 'rm -f "$new" "$f.closing"' EXIT
cp -p "$f" "$new"
cat > "$new"
cp -p "$f" "$before"
sync "$new" 2>/dev/null || sync
[ {settle} = 0 ] || {{ : > "$f.closing"; sleep {settle}; }}
[ "$(have)" = {digest} ] || exit 3
mv -f "$new" "$f"
if ! said=$({{ {test}
}} 2>&1 </dev/null); then mv -f "$before" "$f"; printf '%s\\n' "$said"; exit 4; fi
if ! said=$({{ {reload}
}} 2>&1 </dev/null); then mv -f "$before" "$f"; printf '%s\\n' "$said"; exit 5; fi
sleep {settle}
"""

_PUT_BACK = """\
set -eu
f={file}; d=${{f%/*}}; n=${{f##*/}}; before="$d/.$n.deploy-before"
[ "$(sha256sum < "$f" | cut -c 1-64)" = {digest} ] || exit 3
mv -f "$before" "$f"
{{ {reload}
}} >/dev/null 2>&1 </dev/null
"""


@dataclass(frozen=True, slots=True)
class NginxSeen:
    """What one look at nginx's file and its master process found."""

    digest: str = ""
    text: str = ""
    master: str = ""
    """The number of its master process; empty: it does not run."""
    workers: frozenset[str] = frozenset()
    """Processes that take requests."""
    old: frozenset[str] = frozenset()
    """Processes that only end what they had begun."""
    has_page: bool = False
    is_shown: bool = False
    closes: bool = False
    """Its configuration ends connections while the flag `closing` is there."""
    timeout: str = ""
    """Seconds after which old processes are ended, whatever they do."""
    unreadable_by: str = ""


def look_script(file: str, pid: str, flag: str) -> str:
    """Return the shell text that prints the file, its digest and the master's number. `flag`: the file that is there while users see maintenance."""
    return _WAYS + _LOOK.format(file=shlex.quote(file), pid=shlex.quote(pid), flag=shlex.quote(flag))


def change_script(file: str, digest: str, test: str, reload: str, settle: int = 0) -> str:
    """The text that writes its standard input to the file, which must still have that digest; tests and reloads. Ends with 3, 4 or 5 where each did not do.

    `settle`: seconds for which connections are ended by their answers, before the reload and after it; 0: they are not.
    """
    return _WAYS + _CHANGE.format(file=shlex.quote(file), digest=shlex.quote(digest), test=test, reload=reload, settle=settle)


def put_back_script(file: str, digest: str, reload: str) -> str:
    """The text that brings back the file of before, if the one with that digest is still there."""
    return _WAYS + _PUT_BACK.format(file=shlex.quote(file), digest=shlex.quote(digest), reload=reload)


def flag_script(flag: str, *, on: bool) -> str:
    """The text that makes or removes the flag, and says whether it is there afterwards."""
    path = shlex.quote(flag)
    return f"{': >' if on else 'rm -f'} {path} || exit\nif [ -e {path} ]; then echo shown; fi\n"


def read_look(out: bytes) -> NginxSeen | None:
    """Return what the look printed; None where it is cut short."""
    head, mark, text = out.decode("utf-8", "surrogateescape").partition("\ntext\n")
    lines = [line.partition(" ") for line in f"{head}\n".splitlines()]
    facts = {word: rest for word, _, rest in lines}
    if "unreadable" in facts:
        return NginxSeen(unreadable_by=facts["unreadable"])
    if not mark or len(facts.get("digest", "")) != 64:
        return None
    children = [rest.partition(" ") for word, _, rest in lines if word == "child"]
    workers = {pid: title for pid, _, title in children if title.startswith("nginx: worker process")}
    old = frozenset(pid for pid, title in workers.items() if "shutting down" in title)
    return NginxSeen(
        facts["digest"], text, facts.get("master", ""), frozenset(workers) - old, old, "page" in facts, "shown" in facts, "closing" in facts,
        facts.get("timeout", "").removeprefix("worker_shutdown_timeout").strip(" ;"),
    )  # fmt: skip
