import os

import pytest


@pytest.fixture
def state(tmp_path):
    """A state folder with its run/."""
    tmp_path.chmod(0o700)
    os.mkdir(tmp_path / "run", 0o700)
    return str(tmp_path)
