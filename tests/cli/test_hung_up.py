"""What the commands write, and ask, once their terminal has hung up."""

import os
import pty
import subprocess
import sys

import pytest

WRITES = "import os, sys; sys.stdin.readline(); from console.cli.output import say, tell; tell('one'); say('two'); tell('three'); sys.exit(7)"
ASKS = "import asyncio, sys; sys.stdin.readline(); from console.cli.prompt import read_line; sys.exit(7 if asyncio.run(read_line('GO? ')) is None else 1)"


@pytest.mark.parametrize("program", [WRITES, ASKS], ids=["writing changes no exit code", "a question has no answer"])
def test_a_terminal_that_hung_up_ends_nothing(program: str):
    master, slave = pty.openpty()
    process = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=slave, stderr=slave, start_new_session=True)
    os.close(slave)
    os.close(master)
    process.communicate(b"\n", timeout=300)
    assert process.returncode == 7
