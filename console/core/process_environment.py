"""What an environment is narrowed to before a process of ours gets it: pure, from the variables that are given."""

from collections.abc import Collection, Mapping

ENGINE = frozenset({"PATH", "HOME", "USER", "LANG", "TZ", "TERM", "SSH_AUTH_SOCK"})
PROGRAM = frozenset({"PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ"})
"""What any program may need to find its files and to speak."""
NETWORK = ("SSH_AUTH_SOCK", "XDG_CONFIG_HOME", "proxies")
"""What a program needs besides, if it goes over a network with the person's keys: `proxies` are all of them."""


def engine_environment(environ: Mapping[str, str], without: Collection[str] = ()) -> dict[str, str]:
    """Return what an engine starts with. `without`: variables that the file names as secrets, whatever they are called."""
    kept = (name for name in environ if name in ENGINE or name.startswith(("LC_", "DEPLOY_", "XDG_")) or _is_proxy(name))
    return {name: environ[name] for name in kept if name not in without}


def program_environment(environ: Mapping[str, str], *more: str) -> dict[str, str]:
    """Return what a program starts with that the console runs: little, and `more` by name; a name that ends in `*` is the beginning of several."""
    begins = ("LC_", *(name[:-1] for name in more if name.endswith("*")))
    kept = (name for name in environ if name in PROGRAM or name in more or name.startswith(begins) or ("proxies" in more and _is_proxy(name)))
    return {name: environ[name] for name in kept}


def _is_proxy(name: str) -> bool:
    return name.lower().endswith("_proxy")
