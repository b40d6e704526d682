"""What is left on a host for whoever stands there without the console: `.deploy/rollback`, which goes back by itself, and `.deploy/README`.

Pure: texts for POSIX sh. It knows the layout under the application's folder and the host's history (`core/host/release_scripts.py`), and nothing of runs.
"""

import re
from collections.abc import Mapping

from console.core.host.host_reserve import GIVE
from console.core.host.shell import quote
from console.model.configured_environment import Environment
from console.model.host import Host

LIVE = r"""
tab='@TAB@'
live() {
  live= link=
  [ -L current ] || return 0
  link=$(readlink current) || return 0
  live=$(cd -P -- ./current/ 2>/dev/null && pwd -P) || { live=$link; return 0; }
  home=$(cd -P -- ./releases 2>/dev/null && pwd -P) || return 0
  case $live in "$home"/*/* | "$home"/-) ;; "$home"/?*) live=${live#"$home"/} ;; esac
}
as_read() {
  case $1 in /*) folder=$1 ;; *) folder=releases/$1 ;; esac
  target=$folder
  [ ! -f .deploy/history ] || while IFS=$tab read -r h_at h_by h_what h_name h_was h_link; do
    case $h_what in switch | rollback | rollback-by-hand) [ "$h_was" != "$1" ] || target=${h_link:-$folder} ;; esac
  done < .deploy/history
  [ "$target" -ef "$folder" ] || target=$folder
}
""".replace("@TAB@", "\t")
"""`live` sets `live` to what `current` points at, however the link is written: the name of a folder in releases/, else an absolute path (a link that
leads nowhere: as it is written), and `link` to what is written. `as_read RELEASE` sets `folder`, and `target` to how `current` was written when that
release was live."""

_BACK_TO = r"""
back_to() {
  back= h_before= ours=$tab taken=$tab
  if [ -f .deploy/history ]; then
    while IFS=$tab read -r h_at h_by h_what h_name h_was h_link; do
      case $h_what in
        switch) [ "$h_name" != "$live" ] || h_before=$h_was ;;
        rollback | rollback-by-hand) taken=$taken$h_was$tab ;;
      esac
      case $h_what in switch | healthy) case $taken in *"$tab$h_name$tab"*) taken=${taken%%"$tab$h_name$tab"*}$tab${taken#*"$tab$h_name$tab"} ;; esac ;; esac
    done < .deploy/history
    while IFS=$tab read -r h_at h_by h_what h_name h_was h_link; do
      case $h_what in
        healthy) can_be "$h_name" ;;
        switch) case $ours in *"$tab$h_was$tab"*) ;; *) can_be "$h_was" ;; esac; ours=$ours$h_name$tab ;;
      esac
    done < .deploy/history
  fi
  if [ -z "$back" ]; then can_be "$h_before"; fi
}
can_be() {
  case $1 in '' | - | "$live") return 0 ;; esac
  case $taken in *"$tab$1$tab"*) return 0 ;; esac
  case $1 in /*) [ ! -d "$1" ] || back=$1 ;; *) [ ! -d "releases/$1" ] || back=$1 ;; esac
}
"""
"""`back_to` sets `back` to where this host would go back: the release that was last known to be good, that is not live, and that was not taken back since.
Good is one that a run has verified, or one that was live before the console had released anything there."""

_BACK = r"""#!/bin/sh
# Goes back to the release before, without the console:  .deploy/rollback [--force] [RELEASE]
set -eu
cd -- @PATH@
@LIVE@
@GIVE@
@BACKTO@
force=
[ "${1:-}" != --force ] || { force=1; shift; }
live
back_to
previous=${1:-$back}
case $previous in
  '' | -) echo "no release is known that ${live:-this host} could go back to; name one: ls releases, then .deploy/rollback RELEASE" >&2; exit 1 ;;
  /*) ;;
  */* | .*) echo "$previous is not the name of a release" >&2; exit 1 ;;
esac
as_read "$previous"
[ -d "$folder" ] || { echo "$folder is not there" >&2; exit 1; }
if [ "$live" = "$previous" ]; then echo "$previous is live already"; exit 0; fi
[ -L current ] || [ ! -e current ] || { echo "current is not a link: nothing was switched" >&2; exit 1; }
for holder in .deploy/lock/*; do
  if [ -d "$holder" ] && [ -z "$force" ]; then
    echo "a run holds this host: ${holder##*/}. End it first (deploy abort), or go on with: .deploy/rollback --force" >&2
    exit 1
  fi
done
room_or_give
fresh=.deploy/current.$$
ln -s -- "$target" "$fresh"
mv -fT -- "$fresh" current
[ "$(readlink current)" = "$target" ]
by=$(id -un 2>/dev/null) || by=${LOGNAME:-somebody}
printf '%s\t%s\trollback-by-hand\t%s\t%s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$by" "$previous" "${live:--}" >> .deploy/history ||
  echo "this could not be written into .deploy/history" >&2
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
Back without the console: .deploy/rollback           to the one before; asks nothing; says what to restart

reserve/ is room for going back on a full disk; staging/ holds what is on its way, runs/ the steps of each run with their output and exit codes.
"""

_GUIDE = r"""
guide() {
  printf %s @BACK@ > .deploy/rollback.new
  chmod 755 .deploy/rollback.new
  mv -f .deploy/rollback.new .deploy/rollback
  was=$live live=$release
  back_to
  live=$was
  printf @README@ "$run" "$release" "${back:-none that this host could go back to}" > .deploy/README.new
  mv -f .deploy/README.new .deploy/README
}
"""


def guide(path: str, restart: str) -> str:
    """Return the shell function `guide`, which leaves both files; `release` is what is live. `restart` is what to type then; it may hold no secret."""
    typed = restart.replace("\nRESTART", "\n RESTART").strip("\n") or "(no restart command is configured)"
    parts = {"PATH": quote(path), "LIVE": LIVE.strip(), "GIVE": GIVE.strip(), "BACKTO": _BACK_TO.strip(), "RESTART": typed}
    return _BACK_TO.lstrip() + _replaced(_GUIDE.lstrip(), {"BACK": quote(_replaced(_BACK, parts)), "README": quote(_README)})


def typed(environment: Environment, host: Host, release: str = "") -> str:
    """Return what a person types here to take a host back there, by what stands on the host itself: to that release, else to the one before."""
    script = f"{quote(environment.path_on(host))}/.deploy/rollback" + (f" {quote(release)}" if release else "")
    if host.is_local:
        return script
    ssh = environment.ssh
    user, port, jump = host.user or ssh.user, host.port or ssh.port, host.jump or ssh.jump
    words = ["ssh", *(("-p", str(port)) if port else ()), *(("-i", quote(ssh.identity)) if ssh.identity else ())]
    words += ["-J", quote(_hop(environment, jump))] if jump else []
    words += [f"-o UserKnownHostsFile={quote(' '.join(ssh.known_hosts))}"] if ssh.known_hosts else []
    return " ".join([*words, quote(f"{user}@{host.address or host.name}" if user else host.address or host.name), quote(script)])


def _hop(environment: Environment, jump: str) -> str:
    """A jump host as `ssh -J` takes it; one that the file names by its address."""
    found = next((host for host in (*environment.jumps, *environment.hosts) if host.name == jump), None)
    if found is None:
        return jump
    user, port = found.user or environment.ssh.user, found.port or environment.ssh.port
    return (f"{user}@" if user else "") + (found.address or found.name) + (f":{port}" if port else "")


def _replaced(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"@([A-Z]+)@", lambda found: values.get(found.group(1), found.group()), text)
