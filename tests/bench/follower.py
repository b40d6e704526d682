"""A program that follows a run by `deploy attach --json`, in a process of its own: prints how long it took (ms) until it had so many events, each once and in their order."""

import json
import subprocess
import sys
import time


def main(wanted: int) -> None:
    """Follow, and print the milliseconds."""
    began = time.perf_counter()
    words = [sys.executable, "-m", "console", "attach", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        last = 0
        while last < wanted:
            seq = json.loads(process.stdout.readline()).get("seq", 0)
            assert seq in (0, last + 1), (seq, last)
            last = seq or last
        print(1000 * (time.perf_counter() - began))
        process.terminate()


if __name__ == "__main__":
    main(int(sys.argv[1]))
