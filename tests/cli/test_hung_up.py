"""What the commands write once their terminal has hung up."""

import os
import pty
import subprocess
import sys

WRITES = "import os, sys; sys.stdin.readline(); from console.cli.wiring import say, tell; tell('one'); say('two'); tell('three'); sys.exit(7)"


def test_what_is_written_to_a_terminal_that_hung_up_changes_no_exit_code():
    master, slave = pty.openpty()
    process = subprocess.Popen([sys.executable, "-c", WRITES], stdin=subprocess.PIPE, stdout=slave, stderr=slave, start_new_session=True)
    os.close(slave)
    os.close(master)
    process.communicate(b"\n", timeout=20)
    assert process.returncode == 7


ASKS = "import asyncio, sys; sys.stdin.readline(); from console.cli.ask import read_line; sys.exit(7 if asyncio.run(read_line('GO? ')) is None else 1)"


def test_a_question_to_a_terminal_that_hung_up_has_no_answer():
    master, slave = pty.openpty()
    process = subprocess.Popen([sys.executable, "-c", ASKS], stdin=subprocess.PIPE, stdout=slave, stderr=slave, start_new_session=True)
    os.close(slave)
    os.close(master)
    process.communicate(b"\n", timeout=20)
    assert process.returncode == 7
