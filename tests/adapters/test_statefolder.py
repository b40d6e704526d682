import os

import pytest

from console.adapters import statefolder
from console.adapters.statefolder import Modes, made_folder, modes_of, prepared, refuse_network, state_folder
from console.errors import UsageFault
from console.wire.address import opened


def mode(path):
    return os.stat(path).st_mode & 0o7777


def test_the_named_folder_comes_first(tmp_path, monkeypatch):
    monkeypatch.setattr(statefolder, "SYSTEM", str(tmp_path))
    assert state_folder({"DEPLOY_STATE": "/x/y", "HOME": "/h"}) == "/x/y"
    assert state_folder({"DEPLOY_STATE": "y", "HOME": "/h"}) == os.path.abspath("y")
    assert state_folder({"HOME": "/h"}) == str(tmp_path)


def test_else_the_users_own(tmp_path, monkeypatch):
    monkeypatch.setattr(statefolder, "SYSTEM", str(tmp_path / "none"))
    assert state_folder({"XDG_STATE_HOME": "/s"}) == "/s/deploy-console"
    assert state_folder({"XDG_STATE_HOME": "relative", "HOME": "/h"}) == "/h/.local/state/deploy-console"
    assert state_folder({"HOME": "/h"}) == "/h/.local/state/deploy-console"
    assert state_folder({}).endswith("/.local/state/deploy-console")


def test_a_new_folder_is_private(tmp_path):
    state = str(tmp_path / "a" / "b")
    old = os.umask(0)
    try:
        assert prepared(state) == Modes(shared=False)
    finally:
        os.umask(old)
    assert [mode(path) for path in (state, state + "/run", state + "/logs")] == [0o700] * 3


def test_a_folder_of_ours_that_others_may_read_is_made_private(tmp_path):
    tmp_path.chmod(0o755)
    prepared(str(tmp_path))
    assert mode(tmp_path) == 0o700


def test_a_folder_made_for_a_group_stays_its(tmp_path):
    tmp_path.chmod(0o2770)
    assert prepared(str(tmp_path)) == Modes(shared=True)
    assert mode(tmp_path) == 0o2770
    assert mode(tmp_path / "run") == 0o2770
    made_folder(str(tmp_path / "run" / "x"), modes_of(str(tmp_path)))
    assert mode(tmp_path / "run" / "x") == 0o2770


@pytest.mark.parametrize(("bad", "words"), [(0o777, "everybody"), (0o1777, "everybody"), (0o2772, "everybody"), (0o770, "its group")])
def test_a_folder_that_others_can_write_is_refused(tmp_path, bad, words):
    tmp_path.chmod(bad)
    with pytest.raises(UsageFault, match=words) as told:
        prepared(str(tmp_path))
    assert "chmod" in told.value.hint
    assert not (tmp_path / "run").exists()


def test_what_is_in_the_way_is_named(tmp_path):
    (tmp_path / "run").write_text("")
    tmp_path.chmod(0o700)
    with pytest.raises(UsageFault, match="in the way"):
        prepared(str(tmp_path))
    with pytest.raises(UsageFault, match="cannot be used"):
        prepared(str(tmp_path / "run" / "x"))


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to be somebody else")
def test_another_users_folder_is_refused(tmp_path):
    os.chown(tmp_path, 12345, 12345)
    tmp_path.chmod(0o700)
    with pytest.raises(UsageFault, match="belongs to another user"):
        prepared(str(tmp_path))


@pytest.mark.parametrize(
    ("lines", "refused"),
    [
        ("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:40 / {at} rw - nfs4 server:/x rw\n", True),
        ("1 0 8:1 / / rw - nfs server:/ rw\n2 1 0:40 / {at} rw - ext4 /dev/sdb rw\n", False),
        ("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:40 / {at}x rw - nfs4 server:/x rw\n", False),
        ("1 0 8:1 / / rw shared:1 - cifs //server/x rw\n", True),
        ("nonsense\n", False),
    ],
)
def test_a_network_file_system_is_refused(tmp_path, lines, refused):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(lines.format(at=os.path.realpath(tmp_path)))
    if not refused:
        refuse_network(str(tmp_path), str(mounts))
        return
    with pytest.raises(UsageFault, match="network file system"):
        refuse_network(str(tmp_path), str(mounts))


@pytest.mark.parametrize(("folder", "file"), [(0o700, 0o600), (0o2770, 0o660)])
def test_an_engines_files_have_their_folders_modes_whatever_the_umask(tmp_path, folder, file):
    for umask in (0o000, 0o077, 0o777):
        tmp_path.chmod(folder)
        before = os.umask(umask)
        try:
            os.close(opened(str(tmp_path / f"{umask}.log"), os.O_WRONLY))
        finally:
            os.umask(before)
        assert mode(tmp_path / f"{umask}.log") == file


def test_a_folder_of_ours_that_was_made_for_one_is_opened_to_the_group(tmp_path):
    tmp_path.chmod(0o2770)
    (tmp_path / "work").mkdir(0o700)
    made_folder(str(tmp_path / "work"), modes_of(str(tmp_path)))
    assert mode(tmp_path / "work") == 0o2770
