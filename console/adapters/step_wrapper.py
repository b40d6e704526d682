"""The fixed POSIX sh text under which a durable step runs on a host, and how its answer is read. Texts and parsing only: it runs nothing.

It works in dash, bash --posix and busybox. The step itself travels on standard input, after a line with its length and digest; it
touches no disk and no argv. Output goes to a file and is followed from there by offset. The answer is the last line `deploy-step …`
on standard error.
"""

import hashlib
import math
from dataclasses import dataclass
from typing import Literal, get_args

from console.core.host.shell import quote
from console.model.configured_environment import OUTPUT
from console.safe_text import safe_end

State = Literal["done", "absent", "lost", "late", "fenced", "truncated", "no-folder", "no-write", "declined", "ended", "left", "none"]

Loss = Literal["restarted", "no-code", "cut-code", "never-began"]
"""Why it is not known how an attempt ended; each is a word that the text on the host says."""

LOSSES: dict[Loss, str] = {
    "restarted": "the host was restarted meanwhile",
    "no-code": "its process is gone and left no exit code",
    "cut-code": "its exit code was not written whole",
    "never-began": "it was claimed, but never said that it began",
}

KEEPER = r"""
trap "" 1 2 15 25
( ulimit -c 0; ulimit -f "$(($2 / 512))"; exec cat ) > "$1" 2>/dev/null && exit 0
n=$(wc -c < "$1")
if [ "$n" -ge "$(($2 / 512 * 512))" ]; then
  printf "\n[deploy] the output is cut here, after %s bytes (output in hosts.toml); the command goes on\n" "$n" >> "$1"
else
  printf "\n[deploy] the output cannot be written any more: %s; the command goes on\n" "$(df -Pk . | tail -n 1)" >> "$1"
fi
n=$(wc -c)
printf "[deploy] %s bytes and more of output were cut\n" "$n" >> "$1"
"""
"""Keeps the first bytes of what comes in a file, and takes the rest as fast as it comes: nobody waits, and no disk fills. Holds no single quote.

Signal 25 is XFSZ: what may not grow any more is an error for `cat` then, and not its end.
"""

RUNNER = r"""
cd -- "$1" || exit 95
read -r dc_n dc_h || exit 97
dc_p=$(cat)
[ "$(LC_ALL=C; echo ${#dc_p})" = "$dc_n" ] || exit 97
dc_s=$(printf %s "$dc_p" | sha256sum) || exit 97
[ "${dc_s%% *}" = "$dc_h" ] || exit 97
[ -d ".deploy/lock/$2" ] || exit 98
dc_d=.deploy/runs/$3/$4
dc_u=$(umask)
umask 077
dc_r=$6
dc_g() { [ -n "$dc_r" ] && [ -d .deploy/reserve ] && rm -rf .deploy/reserve; }
[ -d ".deploy/runs/$3" ] || mkdir -p ".deploy/runs/$3" || { dc_g && mkdir -p ".deploy/runs/$3"; } || exit 96
mkdir "$dc_d" 2>/dev/null || { [ -e "$dc_d" ] && exit 99; dc_g && mkdir "$dc_d" 2>/dev/null; } || { [ -e "$dc_d" ] && exit 99; exit 96; }
[ -d ".deploy/lock/$2" ] || { rmdir "$dc_d"; exit 98; }
trap : TERM HUP INT
read -r dc_s < "/proc/$$/stat"
dc_s=${dc_s##*) }
read -r dc_b < /proc/sys/kernel/random/boot_id
dc_t() { shift 19; dc_t=$1; }
dc_t $dc_s
dc_f() { echo xxx > "$dc_d/rc.new" && : > "$dc_d/out" && echo "$$ $dc_t $dc_b" > "$dc_d/pid"; }
dc_f || { dc_g && dc_f; } || { rm -rf "$dc_d"; exit 96; }
dc_k=
if mkfifo "$dc_d/pipe" 2>/dev/null; then
  setsid sh -c '@KEEPER@' deploy-out "$dc_d/out" "$5" < "$dc_d/pipe" > /dev/null 2>&1 &
  dc_k=$!
  exec 8> "$dc_d/pipe"
  rm -f "$dc_d/pipe"
else
  exec 8> "$dc_d/out"
fi
umask "$dc_u"
( export DEPLOY_STEP="$3/$4@$$.$dc_t"; set --; exec >&8 2>&8 8>&-; eval "${dc_p%x}" ) < /dev/null
dc_c=$?
exec 8>&-
dc_o() { { read -r dc_l < "/proc/$1/stat"; } 2>/dev/null || return 0; case ${dc_l##*) } in Z*) return 0 ;; esac; return 1; }
dc_n=0
while [ -n "$dc_k" ] && [ "$dc_n" -lt 140 ] && ! dc_o "$dc_k"; do
  dc_n=$((dc_n + 1))
  [ "$dc_n" -lt 100 ] || sleep 0.05 2>/dev/null || sleep 1
done
printf '%03d' "$dc_c" 1<> "$dc_d/rc.new" && mv -f "$dc_d/rc.new" "$dc_d/rc"
exit 0
""".replace("@KEEPER@", KEEPER.strip())
"""Reads the step whole or not at all, checks the fence on both sides of the claim, claims, runs, leaves the exit code.

What runs writes into a pipe, of which the keeper keeps so much; a daemon that is left behind with it holds nothing up for more than 2 s.
"""

COMMON = r"""
verb=$1 path=$2 epoch=$3 run=$4 step=$5 offset=$6 limit=$7 keeps=$8 back=$9
ticker= opened=
say() { [ -z "$ticker" ] || kill "$ticker" 2>/dev/null; printf '\ndeploy-step %s\n' "$*" >&2; exit 0; }
cd -- "$path" 2>/dev/null || say no-folder
d=.deploy/runs/$run/$step
stat_of() { { read -r line < "/proc/$1/stat"; } 2>/dev/null || return 1; line=${line##*) }; }
fields() { state=$1 session=$4; shift 19; started=$1; }
alive() { stat_of "$1" || return 1; fields $line; [ "$state" != Z ] && [ "$started" = "$2" ]; }
code() {
  c=
  if [ -f "$d" ]; then { read -r c && read -r c; } < "$d" || return 1
  else [ -f "$d/rc" ] || return 1; read -r c < "$d/rc" || :
  fi
  c=${c#0}; c=${c#0}; st=done
  case $c in ''|*[!0-9]*) st=lost why=cut-code;; esac
}
who() {
  pid= t0= b0= u0=
  if [ -f "$d" ]; then read -r pid t0 b0 u0 < "$d"; else { read -r pid t0 b0 < "$d/pid"; } 2>/dev/null; fi
}
look() {
  code && return
  [ -e "$d" ] || { st=absent; return; }
  b=
  who
  [ -n "$b0" ] || { st=starting; return; }
  read -r b < /proc/sys/kernel/random/boot_id
  if [ "$b" != "$b0" ]; then st=lost why=restarted
  elif alive "$pid" "$t0"; then st=running
  else code || { st=lost why=no-code; }
  fi
}
late() {
  who
  [ -n "$b0" ] || return 1
  read -r up rest < /proc/uptime
  [ $(( ${up%.*} - ${u0:-$((t0 / 100))} )) -gt "$limit" ]
}
emit() {
  if [ -z "$opened" ]; then
    [ -s "$d/out" ] || return 0
    exec 4< "$d/out"
    opened=1
    [ "$offset" = 0 ] || { tail -c "+$((offset + 1))" <&4; return; }
  fi
  cat <&4
}
nap() { sleep "$1" 2>/dev/null || sleep 1; }
members() {
  found=
  for f in /proc/[0-9]*; do
    stat_of "${f#/proc/}" || continue
    fields $line
    [ "$session" = "$pid" ] && [ "$state" != Z ] && [ "${f#/proc/}" != "$pid" ] && found="$found ${f#/proc/}"
  done
  [ -n "$found" ]
}
named() {
  names=
  for n in $1; do comm=; { read -r comm < "/proc/$n/comm"; } 2>/dev/null; names="$names${names:+, }${comm:-process} $n"; done
}
"""

HEARD = r"""
exec 3<&0 </dev/null
( while read -r _; do :; done; kill "$$" ) <&3 >/dev/null 2>&1 &
ticker=$!
exec 3<&-
"""
"""Ends a follower once its input does, which is held open as long as somebody hears it: over a step that says nothing it would not learn that nobody does."""

FOLLOW = r"""
n=0
while :; do
  look
  case $st in
    absent) say absent ;;
    done) emit; say done "$c" ;;
    lost) emit; if [ "$b" = "$b0" ] && [ -n "$pid" ] && members; then named "$found"; say lost "$why $names"; fi
      say lost "$why" ;;
    starting) n=$((n + 1)); [ "$n" -lt 30 ] || say lost never-began ;;
    running) emit || exit 0; late && say late ;;
  esac
  nap 0.1
done
"""

RUN = r"""
exec 3<&0
setsid sh -c "$runner" deploy-step "$path" "$epoch" "$run" "$step" "$keeps" "$back" <&3 >/dev/null 2>&1 &
r=$!
exec 3<&- < /dev/null
trap 'tick=1' USR1
( while sleep 1; do kill -USR1 $$ || exit; done ) >/dev/null 2>&1 &
ticker=$!
while :; do
  tick=
  wait "$r"
  c=$?
  if [ -n "$tick" ] && kill -0 "$r" 2>/dev/null; then emit || exit 0; late && say late; continue; fi
  break
done
case $c in
  95) say no-folder ;;
  96) say no-write ;;
  97) say truncated ;;
  98) set -- .deploy/lock/*; say fenced "${1##*/}" ;;
esac
"""

END = r"""
look
if [ "$st" = absent ]; then
  [ -d ".deploy/lock/$epoch" ] && ( umask 077; mkdir -p ".deploy/runs/$run" && mkdir "$d" && echo 143 > "$d/rc" ) 2>/dev/null && say none
  look
  [ "$st" != absent ] || say absent
fi
n=0
while [ "$st" = starting ] && [ "$n" -lt 30 ]; do nap 0.1; n=$((n + 1)); look; done
case $st in
  done) say done "$c" ;;
  starting) say lost never-began ;;
  lost) [ "$b" = "$b0" ] || say lost "$why" ;;
esac
lost=
[ "$st" != lost ] || lost=$why
by=itself
gone() { look; [ "$st" != running ] && ! members; }
waited() { n=0; while ! gone; do [ "$n" -lt "$1" ] || return 1; nap 0.1; n=$((n + 1)); done; }
waited "$limit" || {
  by=TERM; members && kill -TERM $found 2>/dev/null
  waited 50 || {
    by=KILL; members && kill -KILL $found 2>/dev/null
    waited 20 || { members || kill -KILL "$pid" 2>/dev/null; waited 10; }
  }
}
look
members
escaped=
[ "$by" = itself ] || escaped=$(grep -ls -- "DEPLOY_STEP=$run/$step@$pid.$t0" /proc/[0-9]*/environ 2>/dev/null)
for f in $escaped; do
  f=${f#/proc/}; f=${f%/environ}
  case " $found $pid " in *" $f "*) ;; *) [ "$f" = $$ ] || ! stat_of "$f" || found="$found $f" ;; esac
done
[ "$st" = done ] || c=-
if [ -n "$found" ]; then named "$found"; say left "$by" "$c" "$names"; fi
[ -z "$lost" ] || say lost "$lost"
say ended "$by" "$c"
"""

OPENING = r"""
dk_u=$(umask)
dk_nl='
'
dk_fields() { shift 19; dk_t=$1; }
read -r dk_s < "/proc/$$/stat"
dk_fields ${dk_s##*) }
read -r dk_b < /proc/sys/kernel/random/boot_id
dk_claim() {
  dk_f=$1/.deploy/runs/$3/$4
  [ -d "$1/.deploy/lock/$2" ] || return 1
  umask 077
  [ -d "${dk_f%/*}" ] || mkdir -p -- "${dk_f%/*}" 2>/dev/null
  set -C
  printf '' 2>/dev/null > "$dk_f"
  dk_c=$?
  set +C
  umask "$dk_u"
  [ "$dk_c" = 0 ] || return 1
  read -r dk_s dk_rest < /proc/uptime
  { printf '%s\n' "$$ $dk_t $dk_b ${dk_s%.*}" > "$dk_f" && [ -d "$1/.deploy/lock/$2" ]; } 2>/dev/null || { rm -f -- "$dk_f"; return 1; }
}
dk_end() {
  { printf '%03d\n' "$1" >> "$dk_f"; } 2>/dev/null
  printf '%s\ndeploy-step done %s\n' "${dk_o:+$dk_o$dk_nl}" "$1"
}
"""
"""What the kept shell is told first. A quick step's attempt is a file, claimed by making it: who runs it, then its exit code, a line each.

Its functions start no process unless something is wrong. What a step prints is answered in one write with its
code. The claim is made between two looks at the fence, as in `RUNNER`.
"""


@dataclass(frozen=True, slots=True)
class WrapperAnswer:
    """What the wrapper said at its end. `none` is not a state of a step: there was no answer, or nothing had begun (`END`)."""

    state: State
    code: int | None = None
    by: str = ""
    detail: str = ""
    loss: Loss | None = None
    """For `lost`: why, where the host said it."""
    remains: str = ""
    """For `lost`: what of its session still runs, by name and id; empty: nothing does."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Where an attempt lives: the application's folder, the lock's folder that must be there, the run, `STEP.ATTEMPT`."""

    path: str
    epoch: str
    run: str
    name: str
    keeps: int = OUTPUT
    """Bytes of its output that the host keeps."""
    goes_back: bool = False
    """It may use the room that is kept for the way back."""


def _opened(verb: str, claim: Claim, offset: int, limit: float) -> str:
    numbers = (str(offset), str(math.ceil(limit)), str(max(512, claim.keeps)))
    words = (verb, claim.path, claim.epoch, claim.run, claim.name.replace("/", "~"), *numbers, "1" if claim.goes_back else "")
    return f"set -- {' '.join(quote(word) for word in words)}\n{COMMON}"


def running(claim: Claim, limit: float) -> str:
    """Return the script that starts a step from standard input and follows it. `limit`: seconds that the step may take."""
    return f"runner={quote(RUNNER)}\n{_opened('run', claim, 0, limit)}{RUN}{FOLLOW}"


def following(claim: Claim, offset: int, limit: float) -> str:
    """Return the script that finds out how a step stands and follows it, from that byte of its output on, as long as its input is held open."""
    return f"{_opened('follow', claim, offset, limit)}{HEARD}{FOLLOW}"


def ending(claim: Claim, wait: float) -> str:
    """Return the script that ends a step: a wait (seconds) for it to end by itself, TERM, 5 s, KILL."""
    return f"{_opened('end', claim, 0, wait * 10)}{END}"


def quick(claim: Claim, script: str) -> str:
    """Return what a kept shell is sent to run a step: one compound command, which says `declined` where nothing of it was begun."""
    words = " ".join(quote(word) for word in (claim.path, claim.epoch, claim.run, claim.name.replace("/", "~")))
    return f"if dk_claim {words}; then\ndk_o=$(\nexec < /dev/null 2>&1\n{script}\n)\ndk_end $?\nelse printf 'deploy-step declined\\n'\nfi"


def payload(script: str) -> bytes:
    """Return what standard input carries: a line with length and digest, then the script and a mark that keeps its last newlines."""
    body = script.encode() + b"x"
    return f"{len(body)} {hashlib.sha256(body).hexdigest()}\n".encode() + body


def split_answer(out: bytes) -> tuple[bytes, WrapperAnswer]:
    """Return what a quick step printed, and the wrapper's last words, which stand after it."""
    said, mark, words = out.rpartition(b"\ndeploy-step ")
    return (said, answered(b"deploy-step " + words)) if mark else (b"", answered(out))


def answered(err: bytes) -> WrapperAnswer:
    """Read the wrapper's last words out of its standard error."""
    for line in reversed(err.decode(errors="replace").splitlines()):
        if line.startswith("deploy-step "):
            return _read(line.split(" ", 2)[1:])
    return WrapperAnswer("none", detail=str(safe_end(err, 300)))


def _read(words: list[str]) -> WrapperAnswer:
    state, rest = words[0], words[1] if len(words) > 1 else ""
    if state == "done":
        return WrapperAnswer("done", int(rest)) if rest.isdigit() else WrapperAnswer("lost", detail="its exit code cannot be read")
    if state == "lost":
        return _lost(rest)
    if state in ("ended", "left"):
        by, code, *names = rest.split(" ", 2)
        return WrapperAnswer("ended" if state == "ended" else "left", int(code) if code.isdigit() else None, by, names[0] if names else "")
    if state == "none":
        return WrapperAnswer("ended", None, "", "it had not begun")
    for known in ("absent", "late", "fenced", "truncated", "no-folder", "no-write", "declined"):
        if state == known:
            return WrapperAnswer(known, detail=rest)
    return WrapperAnswer("none", detail=f"an answer that is not known: {state}")


def _lost(said: str) -> WrapperAnswer:
    word, _, remains = said.partition(" ")
    loss = next((known for known in get_args(Loss) if known == word), None)
    words = LOSSES[loss] if loss else said
    detail = f"{words}; of its session still run: {remains}" if loss and remains else words
    return WrapperAnswer("lost", detail=detail, loss=loss, remains=remains if loss else "")
