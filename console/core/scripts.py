"""What is done to releases on a host, as texts for POSIX sh. They run inside a durable step, which has checked that the lock still holds.

Pure: functions of values. It knows the layout under the application's folder; it must not know who sends a text, or when.
`.deploy/history` has a line for each change: `UTC TIME<tab>RUN<tab>switch|healthy|rollback-by-hand<tab>RELEASE<tab>BEFORE`; a `-` is none.
"""

import re
from collections.abc import Mapping

from console.core.shared import clash, shared_path
from console.core.shell import exports, quote
from console.errors import UsageFault
from console.model.fleet import Command

RELEASE = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{7,40}|[0-9]{14}")
"""Names of releases: the console's own, and Capistrano's."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DIGIT, _HEX = "[0-9]", "[0-9a-f]"
RELEASE_GLOBS = f"{_DIGIT * 8}T{_DIGIT * 6}Z-{_HEX * 7}*|{_DIGIT * 14}"
"""The same as patterns of `case`; after the seventh digit anything stands, so a text checks `*[!0-9a-fTZ-]*` before."""
RUNS_KEPT = 30
"""Folders of earlier runs' steps that a host keeps."""
END_MARK = "\n#:this is the end of what was sent:#"


def run_of(epoch: str) -> str:
    """Return the run that an epoch (RUN.N) belongs to."""
    return epoch.rpartition(".")[0] or epoch


def _checked(release: str) -> str:
    if not _NAME.fullmatch(release):
        raise UsageFault(f"{release!r} cannot be the name of a release")
    return release


def _entered(path: str) -> str:
    return f"set -eu\ncd -- {quote(path)}\n"


_RECORD = r"""
record() { printf '%s\t%s\t%s\t%s\t%s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$run" "$1" "$2" "$3" >> .deploy/history; }
live() { live=$(readlink current) || live=; live=${live##*/}; }
"""


def _recording(path: str, run: str) -> str:
    return f"{_entered(path)}run={quote(run)}\n{_RECORD.lstrip()}"


_SWITCH = r"""
[ -d "releases/$release" ] || { echo "releases/$release is not there: nothing was switched" >&2; exit 1; }
[ -L current ] || [ ! -e current ] || { echo "current is not a link: nothing was switched" >&2; exit 1; }
live
note=.deploy/runs/$run/switching
if [ -L current ] && [ current -ef "releases/$release" ]; then
  if [ -f "$note" ]; then read -r to was < "$note"; [ "$to" != "$release" ] || record switch "$release" "$was"; rm -f "$note"; fi
  echo "releases/$release is live already"
  exit 0
fi
[ "$live" = "$before" ] || echo "current is ${live:-missing}, where ${before:-nothing} was expected"
mkdir -p ".deploy/runs/$run"
printf '%s %s\n' "$release" "${live:--}" > "$note"
fresh=.deploy/lock/$epoch/current
rm -f -- "$fresh"
ln -s "releases/$release" "$fresh"
mv -fT -- "$fresh" current
[ "$(readlink current)" = "releases/$release" ] || { echo "current does not point at releases/$release after the switch" >&2; exit 1; }
record switch "$release" "${live:--}"
rm -f "$note"
guide
echo "releases/$release is live, ${live:-nothing} was"
"""


def switch(path: str, epoch: str, release: str, before: str = "", restart: str = "") -> str:
    """Make a release live by one rename of a fresh link; what was live is written down before. Live already is fine.

    `before` is what the plan expects to be live (empty: nothing); another one is said, and is what is recorded. The guide for who stands
    there without the console is left too; `restart` is what it says to type, and may hold no secret.
    """
    names = f"release={quote(_checked(release))} before={quote(before)} epoch={quote(epoch)}\n"
    return f"{_recording(path, run_of(epoch))}{_guide(path, restart)}{names}{_SWITCH.lstrip()}"


_REMOVE = r"""
live
if [ ! -L current ] && [ ! -e current ]; then echo "nothing is live already"; exit 0; fi
[ -L current ] || { echo "current is not a link: it stays" >&2; exit 1; }
[ -z "$release" ] || [ "$live" = "$release" ] || { echo "current is $live, not $release: it stays" >&2; exit 1; }
mkdir -p ".deploy/runs/$run"
printf '%s %s\n' - "$live" > ".deploy/runs/$run/switching"
mv -fT -- current ".deploy/lock/$epoch/gone"
rm -f -- ".deploy/lock/$epoch/gone"
record switch - "$live"
rm -f ".deploy/runs/$run/switching"
echo "current is removed, $live was live"
"""


def remove_current(path: str, epoch: str, before: str) -> str:
    """Take a first release out of service: `current` goes, if it is that release (empty: whichever). Gone already is fine."""
    names = f"release={quote(_checked(before) if before else '')} epoch={quote(epoch)}\n"
    return f"{_recording(path, run_of(epoch))}{names}{_REMOVE.lstrip()}"


_HEALTHY = r"""
live
[ "$live" = "$release" ] || { echo "current is ${live:-missing}, not $release: it is not marked healthy" >&2; exit 1; }
record healthy "$release" -
"""


def mark_healthy(path: str, run: str, release: str) -> str:
    """Write down that a release is live and verified."""
    return f"{_recording(path, run)}release={quote(_checked(release))}\n{_HEALTHY.lstrip()}"


_LINK = r"""
top=$(pwd -P)
case $top in */"$release") ;; *) echo "releases/$release is a link to $top: nothing was linked" >&2; exit 1 ;; esac
up=
[ ../../shared -ef "$app/shared" ] || up=$app/
refuse() { printf '%s\n' "releases/$release/$1: nothing of it was removed" >&2; exit 1; }
clear_way() {
  rest=$1 way=
  while :; do
    case $rest in */*) ;; *) break ;; esac
    way=$way${rest%%/*} rest=${rest#*/}
    [ ! -L "$way" ] || refuse "$way is a link to $(readlink -- "$way"), and shared has $1"
    [ -d "$way" ] || [ ! -e "$way" ] || refuse "$way is a file, and shared has $1"
    way=$way/
  done
}
link() {
  target=${up:-$2}shared/$1
  [ ! -L "$1" ] || [ "$(readlink -- "$1")" != "$target" ] || return 0
  clear_way "$1"
  case $1 in */*) mkdir -p -- "${1%/*}" && folder=$(cd -P -- "${1%/*}" && pwd -P) && [ "$folder" = "$top/${1%/*}" ] || refuse "${1%/*} leads out of it" ;; esac
  if [ -e "$1" ] && [ ! -L "$1" ] && [ -e .deploy-linked ]; then refuse "$1 was a link to shared/$1 and is none any more"; fi
  rm -rf -- "$1"
  ln -s -- "$target" "$1"
  [ "$1" -ef "$app/shared/$1" ] || refuse "$1 does not lead to shared/$1"
}
"""


def link_shared(path: str, release: str, shared: tuple[str, ...]) -> str:
    """Link what outlives releases into one: `log/` is a folder and is made, a file must be in shared/ already.

    What the release ships in a link's place is removed, if it is really inside the release: a link on the way to it is refused before anything is
    touched, and so is what came into the place of a link after the release was linked once (`.deploy-linked`).
    """
    for number in range(len(shared)):
        if words := clash(shared, number):
            raise UsageFault(f"shared: {words}", "keep one of them")
    names = [shared_path(entry) for entry in shared]
    lines = [_entered(path), f"[ -d releases/{_checked(release)} ]\nmkdir -p shared\n"]
    for entry, name in zip(shared, names, strict=True):
        there = quote(f"shared/{name}")
        if entry.endswith("/"):
            lines.append(f"mkdir -p -- {there}\n")
        else:
            lines.append(f"[ -e {there} ] || {{ printf '%s\\n' {quote(f'{path}/shared/{name} is not there: make it')} >&2; exit 1; }}\n")
    lines.append(f"app={quote(path)} release={release}\ncd releases/{release}\n{_LINK.lstrip()}")
    lines += [f"clear_way {quote(name)}\n" for name in names]
    lines += [f"link {quote(name)} {'../' * (2 + name.count('/'))}\n" for name in names]
    lines += [": > .deploy-linked\n", *(f"printf '%s\\n' {quote(name)} >> .deploy-linked\n" for name in names)]
    return "".join(lines)


def user_command(folder: str, variables: Mapping[str, str], command: Command) -> str:
    """Return a command of the user's as `sh -eu` runs it: in that folder, with those variables (DEPLOY_* among them).

    With `run_as` another user's shell reads it all from its standard input, so that no variable is in an argv. Raises UsageFault.
    """
    body = f"set -eu\n{exports(variables)}cd -- {quote(folder)}\n{command.run}\n"
    if not command.run_as:
        return body
    reader = 'p=$(cat); case $p in *"$1") eval "$p" < /dev/null ;; *) echo "the command did not arrive whole" >&2; exit 97 ;; esac'
    argv = f"sudo -n -u {quote(command.run_as)} -- sh -c {quote(reader)} sh {quote(END_MARK)}"
    return f"set -eu\np={quote(body + END_MARK)}\nprintf %s \"$p\" | {argv}\n"


HOLDS = r"""
nl='
'
mounts=$(while read -r _ _ _ _ h_at _; do printf '%b\n' "$h_at"; done < /proc/self/mountinfo)
holds() {
  held= h_folder=$(cd -P -- "$1" && pwd -P) || return 1
  case "$nl$mounts$nl" in *"$nl$h_folder/"* | *"$nl$h_folder$nl"*) held="something is mounted in it" ;; esac
  [ ! -f "$1/.deploy-linked" ] || while IFS= read -r h_name; do
    if [ -e "$1/$h_name" ] && [ ! -L "$1/$h_name" ]; then held="$h_name in it is no link to shared/$h_name any more: move what it holds"; fi
  done < "$1/.deploy-linked"
  [ -n "$held" ]
}
"""
"""Whether removing a release's folder would remove what is not the release's: `holds FOLDER`, and `held` says what.
Its own variables begin with h_: a shell has one room for all of them."""

_PRUNE = r"""
here=$(pwd -P)
live
protected=" $live $protect "
healthy=" "
latest= runs_then= done=" "
tab=$(printf '\t')
if [ -f .deploy/history ]; then
  while IFS=$tab read -r at by what name rest; do [ "$what" != healthy ] || healthy="$healthy$name "; done < .deploy/history
  while IFS=$tab read -r at by what name rest; do latest="$name $latest" runs_then="$by $runs_then"; done <<END
$(tail -n 2000 .deploy/history)
END
fi
used=$(ls -l /proc/[0-9]*/cwd /proc/[0-9]*/exe 2>/dev/null || :)
is_release() { case $1 in *[!0-9a-fTZ-]*) return 1 ;; @GLOBS@) [ -d "releases/$1" ] && [ ! -L "releases/$1" ] ;; *) return 1 ;; esac; }
is_used() { case "$used
" in *"-> $here/releases/$1/"* | *"-> $here/releases/$1
"* | *"-> $here/releases/$1 (deleted)"*) return 0 ;; *) return 1 ;; esac; }
is_healthy() { case $healthy in *" $1 "*) return 0 ;; esac; case $1 in @OLD@) return 0 ;; *) return 1 ;; esac; }
newest=
for folder in releases/*; do name=${folder#releases/}; if is_release "$name"; then newest="$name $newest"; fi; done
mkdir -p .deploy/staging
for name in $latest $newest; do
  case $done in *" $name "*) continue ;; esac
  done="$done$name "
  is_release "$name" || continue
  case $protected in *" $name "*) continue ;; esac
  if is_used "$name"; then echo "$name stays: a process runs from it"; continue; fi
  if is_healthy "$name" && [ "$keep" -gt 0 ]; then keep=$((keep - 1)); continue; fi
  if holds "releases/$name"; then echo "$name stays: $held"; continue; fi
  mv -T -- "releases/$name" ".deploy/staging/$name.pruned"
  rm -rf -- ".deploy/staging/$name.pruned"
  echo "$name is removed"
done
for folder in .deploy/staging/*.pruned; do [ ! -d "$folder" ] || holds "$folder" || rm -rf -- "$folder"; done
newest=
for folder in .deploy/runs/*; do newest="${folder##*/} $newest"; done
done=" "
for name in $runs_then $newest; do
  case $done in *" $name "*) continue ;; esac
  done="$done$name "
  case $name in @RUN@) [ -d ".deploy/runs/$name" ] || continue ;; *) continue ;; esac
  if [ "$runs" -gt 0 ]; then runs=$((runs - 1)); continue; fi
  case " $run " in *" $name "*) ;; *) rm -rf -- ".deploy/runs/$name" ;; esac
done
"""


def prune(path: str, keep: int, protect: tuple[str, ...], run: str = "") -> str:
    """Remove old releases: what stays is the live one, the way back (`protect`), what a process runs from, what is mounted or was written in the
    place of a shared link, and `keep` healthy ones.

    Which are the newest is what the host's history says, not their names: those are by a clock that may have been set back.
    Nothing but real folders with a release's name is ever removed; each goes out of releases/ by one rename before it is deleted.
    Folders of steps of runs before the last 30 go too.
    """
    text = _PRUNE.replace("@GLOBS@", RELEASE_GLOBS).replace("@OLD@", _DIGIT * 14)
    text = text.replace("@RUN@", f"{_DIGIT * 8}T{_DIGIT * 6}Z-*")
    protected = " ".join(_checked(release) for release in protect if release)
    return f"{_recording(path, run)}keep={int(keep)} runs={RUNS_KEPT} protect={quote(protected)}\n{HOLDS.lstrip()}{text.lstrip()}"


_BACK = r"""#!/bin/sh
# Goes back to the release before, without the console:  .deploy/rollback [--force] [RELEASE]
set -eu
cd -- @PATH@
force=
[ "${1:-}" != --force ] || { force=1; shift; }
live=$(readlink current) || live=
live=${live##*/}
previous=${1:-}
tab=$(printf '\t')
if [ -z "$previous" ] && [ -f .deploy/history ]; then
  healthy=
  marked=" "
  while IFS=$tab read -r at by what name before; do
    case $what in
      switch | rollback-by-hand) [ "$name" != "$live" ] || previous=$before ;;
      healthy) marked="$marked$name "; [ "$name" = "$live" ] || [ ! -d "releases/$name" ] || healthy=$name ;;
    esac
  done < .deploy/history
  case $marked in *" $previous "*) ;; *) [ -z "$healthy" ] || previous=$healthy ;; esac
fi
case $previous in
  '' | -) echo "no release is known that ${live:-this host} could go back to" >&2; exit 1 ;;
  */* | .*) echo "$previous is not the name of a release" >&2; exit 1 ;;
esac
[ -d "releases/$previous" ] || { echo "releases/$previous is not there" >&2; exit 1; }
if [ "$live" = "$previous" ]; then echo "$previous is live already"; exit 0; fi
[ -L current ] || [ ! -e current ] || { echo "current is not a link: nothing was switched" >&2; exit 1; }
for holder in .deploy/lock/*; do
  if [ -d "$holder" ] && [ -z "$force" ]; then
    echo "a run holds this host: ${holder##*/}. End it first (deploy abort), or go on with: .deploy/rollback --force" >&2
    exit 1
  fi
done
fresh=.deploy/current.$$
ln -s "releases/$previous" "$fresh"
mv -fT -- "$fresh" current
[ "$(readlink current)" = "releases/$previous" ]
by=$(id -un 2>/dev/null) || by=${LOGNAME:-somebody}
printf '%s\t%s\trollback-by-hand\t%s\t%s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$by" "$previous" "${live:--}" >> .deploy/history
echo "$previous is live, ${live:-nothing} was."
echo "What runs still runs the old code. Restart it now:"
cat <<'RESTART'
@RESTART@
RESTART
"""

_README = """This folder belongs to the deployment console.

Written at the switch of run %s:
  live    %s
  before  %s

What is live now:         readlink current
Every change so far:      cat .deploy/history        time, run, what, release, the one before
Who holds this host:      cat .deploy/lock/*/owner   no such file: nobody; run, since, from beside it
A person's note:          cat .deploy/closed         no such file: none
Back without the console: .deploy/rollback           asks nothing; says what to restart

staging/ holds what is on its way, runs/ the steps of each run with their output and exit codes.
"""

_GUIDE = r"""
guide() {
  printf %s @BACK@ > .deploy/rollback.new
  chmod 755 .deploy/rollback.new
  mv -f .deploy/rollback.new .deploy/rollback
  printf @README@ "$run" "$release" "${live:-nothing}" > .deploy/README.new
  mv -f .deploy/README.new .deploy/README
}
"""


def _guide(path: str, restart: str) -> str:
    typed = restart.replace("\nRESTART", "\n RESTART").strip("\n") or "(no restart command is configured)"
    back = _replaced(_BACK, {"PATH": quote(path), "RESTART": typed})
    return _replaced(_GUIDE.lstrip(), {"BACK": quote(back), "README": quote(_README)})


def _replaced(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"@([A-Z]+)@", lambda found: values.get(found.group(1), found.group()), text)
