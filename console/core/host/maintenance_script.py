"""A maintenance command on a host, as a text for POSIX sh, and what it leaves there: `.deploy/maintenance`, by which its state is read back. Pure.

The file is written before the user's command is begun (`turning-on`, `turning-off`) and changed once that has ended well (`on`, or the file goes), so
that what was cut off in between is seen. It has a line `word: text` for each of `WORDS`.
"""

from console.core.host.shell import quote
from console.model.maintenance_mode import HostMaintenance, Maintenance, MaintenanceVerb
from console.safe_text import SafeText

FILE = ".deploy/maintenance"
WORDS = ("state", "by", "since", "until", "run", "message")
LEFT_AS_IT_IS = "left as it was found"
"""How the line begins that says that nothing was done."""

_SWITCH = r"""
file=.deploy/maintenance state= whose=
if [ -r "$file" ]; then
  while IFS= read -r line; do
    case $line in 'state: '*) state=${line#state: } ;; 'run: '*) whose=${line#run: } ;; esac
  done < "$file"
fi
leave() { echo "@LEFT@: $1"; exit 0; }
if [ -n "$run" ]; then
  case $verb in
    on) [ "$state" != on ] || [ "$whose" = "$run" ] || leave "maintenance was on already" ;;
    off) [ -n "$state" ] && [ "$whose" = "$run" ] || leave "this run did not switch it on, or somebody has switched it since" ;;
  esac
fi
[ -d .deploy ] || mkdir -p .deploy
note() {
  printf 'state: %s\nby: %s\nsince: %s\nuntil: %s\nrun: %s\nmessage: %s\n' "$1" "$by" "$since" "$until" "$run" "$message" > "$file.new.$$"
  mv -f -- "$file.new.$$" "$file"
}
note "turning-$verb"
set +e
( eval "$command" ) < /dev/null
code=$?
set -e
[ "$code" = 0 ] || exit "$code"
case $verb in on) note on ;; off) rm -f -- "$file" ;; esac
""".replace("@LEFT@", LEFT_AS_IT_IS)


def switch_maintenance(path: str, verb: MaintenanceVerb, note: Maintenance, command: str) -> str:
    """Return the text that carries `command` out (whole, as a shell is given it) and leaves what it came to.

    Where `note` bears a run, what a person has switched is left as it is: the run switches on what is off, and off what it has switched on itself.
    """
    words = {"verb": verb, "by": note.by, "since": note.since, "until": note.until, "run": note.run, "message": note.message, "command": command}
    names = "".join(f"{name}={quote(str(value))}\n" for name, value in words.items())
    return f"set -eu\ncd -- {quote(path)}\n{names}{_SWITCH.lstrip()}"


LOOK = f"""[ ! -r {FILE} ] || while IFS= read -r l; do say maintenance "$l"; done < {FILE}"""
"""Says what was left, where a look has `say` and stands in the application's folder."""


def maintenance_left(lines: list[str]) -> HostMaintenance | None:
    """Read what a look said of it. A file that cannot be read counts as one that was cut off while it was written."""
    if not lines:
        return None
    found = dict(line.partition(": ")[::2] for line in lines if ": " in line)
    by, since, until, message = (SafeText(found.get(word, "")) for word in ("by", "since", "until", "message"))
    run = str(SafeText(found.get("run", "")))
    match found.get("state"):
        case "on":
            return HostMaintenance("on", by, since, until, message, run)
        case "turning-off":
            return HostMaintenance("turning-off", by, since, until, message, run)
        case _:
            return HostMaintenance("turning-on", by, since, until, message, run)
