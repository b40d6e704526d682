"""`deploy` as the user nobody, also where that user cannot read the files of Python: everything is imported before the uid is given up."""

import codecs
import os
import pkgutil
import pwd
import sys
from importlib import import_module

import console

OTHER = pwd.getpwnam("nobody")


def main() -> None:
    """Become the other user, and run the command line."""
    for found in pkgutil.walk_packages(console.__path__, "console."):
        if not found.name.endswith("__main__") and ".demo.app" not in found.name:
            import_module(found.name)
    for name in ("ascii", "idna", "latin-1"):
        codecs.lookup(name)
    os.setgroups([OTHER.pw_gid])
    os.setgid(OTHER.pw_gid)
    os.setuid(OTHER.pw_uid)
    os.chdir("/")
    os.environ.update(USER=OTHER.pw_name, LOGNAME=OTHER.pw_name, HOME="/nonexistent")
    from console.cli.main import run

    run()


if __name__ == "__main__":
    sys.argv[0] = "deploy"
    main()
