"""`python -m tests.fleet [COUNT] [FOLDER]`: a fleet to play with, until ctrl+c. Prints the path of its hosts.toml."""

import signal
import sys
import tempfile
from pathlib import Path

from tests.fleet import Fleet, make_repository, missing


def main() -> int:
    if reason := missing():
        print(f"no fleet here: {reason}", file=sys.stderr)
        return 2
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="fleet-") as fresh:
        folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(fresh)
        repository = folder / "repository"
        if not repository.exists():
            make_repository(repository)
        with Fleet(count, folder) as fleet:
            print(fleet.hosts_toml(repository), flush=True)
            try:
                signal.pause()
            except KeyboardInterrupt:
                return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
