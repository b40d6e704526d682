"""What is done to releases on a host, as texts for POSIX sh. They run inside a durable step, which has checked that the lock still holds.

Pure: functions of values. It knows the layout under the application's folder; it must not know who sends a text, or when.
A release is called by its folder in releases/; one that lies elsewhere (another tool made it live) by its absolute path.
`.deploy/history` has a line for each change: `UTC TIME<tab>RUN<tab>switch|rollback|healthy|rollback-by-hand<tab>RELEASE<tab>BEFORE`; a `-` is none.
Where `current` was not written as the console writes it, the line ends in `<tab>` and how it was.
"""

import re
from collections.abc import Mapping

from console.core.host.by_hand import LIVE, guide
from console.core.host.host_reserve import GIVE
from console.core.host.integrity import LISTING
from console.core.host.shared_entries import clash, shared_path
from console.core.host.shell import exports, quote
from console.errors import UsageFault
from console.model.host_commands import Command

RELEASE = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{7,40}|[0-9]{14}")
"""Names of releases: the console's own, and Capistrano's."""
_UNFIT = re.compile(r"[\x00-\x1f\x7f]")
_DIGIT, _HEX = "[0-9]", "[0-9a-f]"
RELEASE_GLOBS = f"{_DIGIT * 8}T{_DIGIT * 6}Z-{_HEX * 7}*|{_DIGIT * 14}"
"""The same as patterns of `case`; after the seventh digit anything stands, so a text checks `*[!0-9a-fTZ-]*` before."""
END_MARK = "\n#:this is the end of what was sent:#"


def run_of(epoch: str) -> str:
    """Return the run that an epoch (RUN.N) belongs to."""
    return epoch.rpartition(".")[0] or epoch


def release_folder(release: str) -> str:
    """Return where a release lies, from the application's folder on; absolute for one that lies elsewhere. Raises UsageFault for what is no release."""
    name = release.rpartition("/")[2]
    if _UNFIT.search(release) or name in ("", ".", "..") or release == "-" or ("/" in release and not release.startswith("/")):
        raise UsageFault(f"{release!r} cannot be the name of a release")
    return release if release.startswith("/") else f"releases/{release}"


def folder_on(path: str, release: str) -> str:
    """Return a release's folder on a host, absolute; `path` is the application's. No release: whichever is live."""
    inner = release_folder(release) if release else "current"
    return inner if inner.startswith("/") else f"{path}/{inner}"


def _checked(release: str) -> str:
    release_folder(release)
    return release


def _entered(path: str) -> str:
    return f"set -eu\ncd -- {quote(path)}\n"


_RECORD = r"""
nl='
'
record() {
  read=
  case $3 in *"$tab"* | *"$nl"*) set -- "$1" "$2" "a name that cannot be written here" ;; esac
  [ -z "${4:-}" ] || [ "$4" = "releases/$3" ] || case $4 in *"$tab"* | *"$nl"*) ;; *) read=$tab$4 ;; esac
  printf '%s\t%s\t%s\t%s\t%s%s\n' "${at:-$(date -u +%Y-%m-%dT%H:%M:%SZ)}" "$run" "$1" "$2" "$3" "$read" >> .deploy/history
}
"""


def recording(path: str, run: str) -> str:
    """Begin a text that works in the application's folder and writes to its history in the name of a run."""
    return f"{_entered(path)}run={quote(run)} at=\n{LIVE.lstrip()}{_RECORD.lstrip()}"


_SWITCH = r"""
note=.deploy/runs/$run/switching left=.deploy/runs/$run/left
as_left() {
  [ "$what" = rollback ] && [ -s "$left" ] && IFS=$tab read -r made made_link was was_link < "$left" || return 1
  [ "$made" = "$before" ] && [ "$was" = "$release" ] || return 1
  case $made in /*) folder=$made ;; *) folder=releases/$made ;; esac
  [ -L current ] && [ current -ef "$folder" ] || return 1
  case $release in /*) folder=$release ;; *) folder=releases/$release ;; esac
  live=$made link=$made_link target=${was_link:-$folder}
  [ "$target" -ef "$folder" ]
}
moved() {
  [ "$what" = rollback ] && [ ! -L ".deploy/lock/$epoch/back" ] && [ -s "$left" ] && IFS=$tab read -r made made_link was was_link < "$left" || return 1
  [ "$was" = "$release" ] && [ "$made" = "$before" ]
}
back=
if as_left; then back=.deploy/lock/$epoch/back; else as_read "$release"; live; fi
[ -d "$folder" ] || { echo "$folder is not there: nothing was switched" >&2; exit 1; }
[ -L current ] || [ ! -e current ] || { echo "current is not a link: nothing was switched" >&2; exit 1; }
if [ -L current ] && [ current -ef "$folder" ]; then
  if [ -s "$note" ]; then IFS=$tab read -r to was read < "$note"; [ "$to" != "$release" ] || record "$what" "$release" "$was" "$read"; printf '' > "$note"
  elif moved; then
    record "$what" "$release" "$made" "$made_link"
    printf '%s\t%s\t%s\t%s\n' "$release" "${was_link:-$folder}" "$made" "$made_link" > "$left"
  fi
  echo "$folder is live already"
  exit 0
fi
[ "$live" = "$before" ] || echo "current is ${live:-missing}, where ${before:-nothing} was expected"
[ -d "${note%/*}" ] || mkdir -p "${note%/*}" || { [ "$what" = rollback ] && give_room && mkdir -p "${note%/*}"; }
[ "$what" != rollback ] || printf '%8192s' '' 2>/dev/null > "$note" || give_room || :
printf '%s\t%s\t%s\n' "$release" "${live:--}" "$link" > "$note"
if [ -n "$back" ] && [ -L "$back" ]; then fresh=$back
else
  fresh=.deploy/lock/$epoch/current
  [ ! -L "$fresh" ] || rm -f -- "$fresh"
  ln -s -- "$target" "$fresh"
fi
mv -fT -- "$fresh" current || [ current -ef "$folder" ] || exit 1
[ current -ef "$folder" ] || { echo "current does not lead to $folder after the switch" >&2; exit 1; }
record "$what" "$release" "${live:--}" "$link"
printf '' > "$note"
case $live$link in *"$tab"* | *"$nl"*) printf '' > "$left" || : ;;
  *)
    [ "$what" = rollback ] || [ -z "$link" ] || ln -sfn -- "$link" ".deploy/lock/$epoch/back" || rm -f -- ".deploy/lock/$epoch/back" || :
    printf '%s\t%s\t%s\t%s\n' "$release" "$target" "$live" "$link" > "$left" || : ;;
esac
"""
"""What a switch leaves and found is kept for the run in `left`, and the link to go back with lies ready in the lock (`back`): a rollback of the same run
reads the one, renames the other, and starts one process, `mv`. It is in the lock's folder, so that who has lost the lock renames nothing. Where that link was
renamed by itself (`link_back`), this finds its release live already, and writes down what was done (`moved`)."""

_SWITCHED = 'echo "$folder is live, ${live:-nothing} was"\n'


def switch(path: str, epoch: str, release: str, before: str = "", restart: str = "", *, back: bool = False, at: str = "") -> str:
    """Make a release live by one rename of a fresh link; what was live is written down before. Live already is fine.

    `before` is what the plan expects to be live (empty: nothing); another one is said, and is what is recorded. Going `back` is recorded as that, and
    `current` is written as it was when that release was live. `at` is the time of the record (UTC, RFC 3339); empty: the host's own clock.
    Going forward leaves the guide too (`leave_guide`); going back, which hurries, finds one there: it is made anew afterwards.
    """
    what = "rollback" if back else "switch"
    names = f"release={quote(_checked(release))} before={quote(before)} epoch={quote(epoch)} what={what} at={quote(at)}\n"
    ending = "" if back else f"{guide(path, restart)}guide\n"
    return f"{recording(path, run_of(epoch))}{GIVE.lstrip()}{names}{_SWITCH.lstrip()}{ending}{_SWITCHED}"


def link_back(path: str, epoch: str) -> str:
    """Return where the link lies that takes a run's own switch back."""
    return f"{path}/.deploy/lock/{epoch}/back"


def leave_guide(path: str, run: str, restart: str = "") -> str:
    """Leave what helps whoever stands there without the console, by what is live now. `restart` is what it says to type, and may hold no secret."""
    return f'{recording(path, run)}{guide(path, restart)}live\n[ -z "$live" ] || {{ release=$live; guide; }}\n'


_REMOVE = r"""
live
if [ ! -L current ] && [ ! -e current ]; then echo "nothing is live already"; exit 0; fi
[ -L current ] || { echo "current is not a link: it stays" >&2; exit 1; }
[ -z "$release" ] || [ "$live" = "$release" ] || { echo "current is $live, not $release: it stays" >&2; exit 1; }
mkdir -p ".deploy/runs/$run"
printf '%s\t%s\t%s\n' - "$live" "$link" > ".deploy/runs/$run/switching"
mv -fT -- current ".deploy/lock/$epoch/gone"
rm -f -- ".deploy/lock/$epoch/gone"
record rollback - "$live" "$link"
printf '' > ".deploy/runs/$run/switching"
echo "current is removed, $live was live"
"""


def remove_current(path: str, epoch: str, before: str) -> str:
    """Take a first release out of service: `current` goes, if it is that release (empty: whichever). Gone already is fine."""
    names = f"release={quote(_checked(before) if before else '')} epoch={quote(epoch)}\n"
    return f"{recording(path, run_of(epoch))}{names}{_REMOVE.lstrip()}"


_HEALTHY = r"""
live
[ "$live" = "$release" ] || { echo "current is ${live:-missing}, not $release: it is not marked healthy" >&2; exit 1; }
if [ ! -e "releases/$release/.deploy-listing" ] && command -v stat > /dev/null; then
  listing "releases/$release" > ".deploy/listing.$$" && mv -f ".deploy/listing.$$" "releases/$release/.deploy-listing" || :
fi
record healthy "$release" -
"""


def mark_healthy(path: str, run: str, release: str) -> str:
    """Write down that a release is live and verified, and what it holds by then: what comes to it later is drift."""
    return f"{recording(path, run)}{LISTING.lstrip()}release={quote(_checked(release))}\n{_HEALTHY.lstrip()}"


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
    lines = [_entered(path), f"[ -d {quote(release_folder(release))} ]\nmkdir -p shared\n"]
    for entry, name in zip(shared, names, strict=True):
        there = quote(f"shared/{name}")
        if entry.endswith("/"):
            lines.append(f"mkdir -p -- {there}\n")
        else:
            lines.append(f"[ -e {there} ] || {{ printf '%s\\n' {quote(f'{path}/shared/{name} is not there: make it')} >&2; exit 1; }}\n")
    lines.append(f"app={quote(path)} release={quote(release)}\ncd {quote(release_folder(release))}\n{_LINK.lstrip()}")
    lines += [f"clear_way {quote(name)}\n" for name in names]
    lines += [f"link {quote(name)} {'../' * (2 + name.count('/'))}\n" for name in names]
    lines += [": > .deploy-linked\n", *(f"printf '%s\\n' {quote(name)} >> .deploy-linked\n" for name in names)]
    return "".join(lines)


_REUSE = r"""
old=$(cd -P current 2>/dev/null && pwd -P) || old=
stage=$PWD/.deploy/staging/$release.reuse
cd -P -- "releases/$release"
here=$(pwd -P)
rm -rf -- "$stage"
within() { case $(cd -P -- "$2" 2>/dev/null && pwd -P)/ in "$1"/*) return 0 ;; *) return 1 ;; esac; }
reuse() {
  parent=.
  case $1 in */*) parent=${1%/*} ;; esac
  if [ -e "$1" ] || [ -L "$1" ]; then echo "$1 is in the release already: nothing is reused"; return 0; fi
  if [ -L "$old/$1" ] || [ ! -e "$old/$1" ] || ! within "$old" "$old/$parent"; then echo "$1 is not in ${old##*/}: nothing is reused"; return 0; fi
  mkdir -p -- "$parent" "$stage"
  within "$here" "$parent" || { echo "$1 would be outside of the release: a link leads out of it" >&2; exit 1; }
  cp -a -- "$old/$1" "$stage/copy"
  mv -T -- "$stage/copy" "$1"
  echo "$1 is a copy of the one in ${old##*/}"
}
"""


def copy_reused(path: str, release: str, reused: tuple[str, ...]) -> str:
    """Copy paths of the live release into one that has not got them: whole or not at all, and never as hard links, which an install would write through."""
    if not reused:
        return ""
    lines = "".join(f"reuse {quote(entry)}\n" for entry in reused)
    begun = f'if [ -n "$old" ] && [ "$old" != "$here" ]; then\n{lines}fi\nrm -rf -- "$stage"\n'
    return f"{_entered(path)}release={quote(_checked(release))}\n{_REUSE.lstrip()}{begun}"


def user_command(folder: str, variables: Mapping[str, str], command: Command) -> str:
    """Return a command of the user's as `sh -eu` runs it: in that folder, with those variables (DEPLOY_* among them).

    With `run_as` another user's shell reads it all from its standard input, so that no variable is in an argv. Raises UsageFault.
    """
    body = f"set -eu\n{exports(variables)}cd -- {quote(folder)}\n{command.run}\n"
    if not command.run_as:
        return body
    reader = 'p=$(cat); case $p in *"$1") eval "$p" < /dev/null ;; *) echo "the command did not arrive whole" >&2; exit 97 ;; esac'
    argv = f"sudo -n -u {quote(command.run_as)} -- sh -c {quote(reader)} sh {quote(END_MARK)}"
    return f'set -eu\np={quote(body + END_MARK)}\nprintf %s "$p" | {argv}\n'


HOLDS = r"""
nl='
'
mounts=$(while read -r _ _ _ _ h_at _; do printf '%b\n' "$h_at"; done < /proc/self/mountinfo)
holds() {
  held= h_folder=$(cd -P -- "$1" && pwd -P) || return 1
  case "$nl$mounts$nl" in *"$nl$h_folder/"* | *"$nl$h_folder$nl"*) held="something is mounted in it" ;; esac
  h_names=${shared:-}
  [ ! -f "$1/.deploy-linked" ] || h_names=$(cat -- "$1/.deploy-linked")
  while IFS= read -r h_name; do
    [ -n "$h_name" ] && [ -e "$1/$h_name" ] && [ ! -L "$1/$h_name" ] || continue
    held="$h_name in it is no link to shared/$h_name any more: move what it holds"
  done <<H_END
$h_names
H_END
  [ -n "$held" ]
}
"""
"""Whether removing a release's folder would remove what is not the release's: `holds FOLDER`, and `held` says what.
What was linked into a release that does not say so (an older console's, another tool's) is taken to be what `shared` names, an entry a line.
Its own variables begin with h_: a shell has one room for all of them."""
