"""Removes old releases from a host, and folders of steps of old runs. How many stay is `keep` of `model/configured_environment.py`. Pure."""

from console.core.host.release_scripts import HOLDS, RELEASE, RELEASE_GLOBS, recording
from console.core.host.seal import REMOVING, SEAL
from console.core.host.shared_entries import shared_path
from console.core.host.shell import quote

RUNS_KEPT = 30
"""Folders of earlier runs' steps that a host keeps."""
_DIGIT = "[0-9]"
_PRUNE = r"""
here=$(pwd -P)
live
protected=" $live $protect "
healthy=" "
latest= runs_then= done=" "
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
  removal_begins
  mv -T -- "releases/$name" ".deploy/staging/$name.pruned"
  rm -rf -- ".deploy/staging/$name.pruned"
  echo "$name is removed"
done
for folder in .deploy/staging/*.pruned; do [ ! -d "$folder" ] || holds "$folder" || { removal_begins; rm -rf -- "$folder"; }; done
removal_ends
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


def prune(path: str, keep: int, protect: tuple[str, ...], run: str = "", shared: tuple[str, ...] = ()) -> str:
    """Remove old releases: what stays is the live one, the way back (`protect`), what a process runs from, what is mounted or was written in the
    place of a shared link, and `keep` healthy ones.

    Which are the newest is what the host's history says, not their names: those are by a clock that may have been set back.
    Nothing but real folders with a release's name is ever removed; each goes out of releases/ by one rename before it is deleted.
    Folders of steps of runs before the last 30 go too.
    """
    text = _PRUNE.replace("@GLOBS@", RELEASE_GLOBS).replace("@OLD@", _DIGIT * 14)
    text = text.replace("@RUN@", f"{_DIGIT * 8}T{_DIGIT * 6}Z-*")
    protected = " ".join(release for release in protect if RELEASE.fullmatch(release))
    entries = quote("\n".join(map(shared_path, shared)))
    values = f"keep={int(keep)} runs={RUNS_KEPT} protect={quote(protected)} shared={entries}\n"
    return f"{recording(path, run)}{values}{HOLDS.lstrip()}{SEAL.lstrip()}{REMOVING.lstrip()}{text.lstrip()}"
