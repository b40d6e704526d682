"""The source of releases, with the real git."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from console.adapters.git import git_fetch
from console.adapters.git.git_repository import GitRepository
from console.errors import NoGo, UsageFault
from tests.adapters.repositories import ENVIRONMENT, commit, git, needs_git, source

pytestmark = needs_git


def is_gone(pid: str) -> bool:
    """Whether it has ended; what nobody has waited for yet counts as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


class TestResolve:
    async def test_head_is_what_nothing_means(self, shop: Path, tmp_path: Path) -> None:
        found = await source(shop, tmp_path).resolve("")
        assert (found.commit, found.ref) == (git(shop, "rev-parse", "main"), "HEAD")
        assert (found.author, found.committed) == ("Ada", "2026-11-24T07:14:07Z")
        assert found.subject == "Second red"
        assert (found.files, found.size, found.uncommitted) == (2, len("one\n#!/bin/sh\n"), 0)

    async def test_the_version_is_the_tag_named_else_the_highest_on_the_commit_else_hex(self, shop: Path, tmp_path: Path) -> None:
        repository = source(shop, tmp_path)
        assert (await repository.resolve("v1.9.0")).version == "v1.9.0"
        assert (await repository.resolve("refs/tags/v1.9.0")).version == "v1.9.0"
        assert (await repository.resolve("main")).version == "v1.10.0"
        extra = await repository.resolve("feature/x")
        assert extra.version == extra.commit[:7]

    async def test_branches_and_tags_that_hold_it_are_known(self, shop: Path, tmp_path: Path) -> None:
        found = await source(shop, tmp_path).resolve("v1.0.0")
        assert (set(found.branches), found.tags) == ({"main", "feature/x"}, ("v1.0.0",))
        assert (await source(shop, tmp_path).resolve("feature/x")).branches == ("feature/x",)

    @pytest.mark.parametrize("ref", ["v1.0.0", "main~1", "v1.0.0^{commit}", "heads/main~1"])
    async def test_what_git_calls_a_commit_is_a_ref(self, shop: Path, tmp_path: Path, ref: str) -> None:
        found = await source(shop, tmp_path).resolve(ref)
        assert found.commit == git(shop, "rev-parse", "v1.0.0^{commit}")

    async def test_an_abbreviated_commit_is_a_ref(self, shop: Path, tmp_path: Path) -> None:
        whole = git(shop, "rev-parse", "v1.0.0")
        assert (await source(shop, tmp_path).resolve(whole[:9])).commit == whole

    async def test_an_unknown_ref_names_its_neighbours(self, shop: Path, tmp_path: Path) -> None:
        with pytest.raises(UsageFault, match=r"unknown REF v1\.1\.00") as caught:
            await source(shop, tmp_path).resolve("v1.1.00")
        assert "v1.10.0" in caught.value.hint

    @pytest.mark.parametrize("ref", ["--upload-pack=touch x", "-h", "a b", "main:app.txt", "a..b", "\x1b[2J", ":/First", "x" * 300])
    async def test_what_cannot_be_a_ref_reaches_no_git(self, tmp_path: Path, ref: str) -> None:
        with pytest.raises(UsageFault, match="cannot be a REF") as caught:
            await source(tmp_path / "nowhere", tmp_path).resolve(ref)
        assert "\x1b" not in caught.value.message

    async def test_a_blob_or_an_empty_repository_is_no_commit(self, shop: Path, tmp_path: Path) -> None:
        with pytest.raises(UsageFault):
            await source(shop, tmp_path).resolve(git(shop, "rev-parse", "main:app.txt"))
        git(tmp_path, "init", "-q", "empty")
        with pytest.raises(UsageFault) as caught:
            await source(tmp_path / "empty", tmp_path).resolve("")
        assert caught.value.hint == "the repository has no tag and no branch"

    async def test_uncommitted_and_new_files_are_counted(self, shop: Path, tmp_path: Path) -> None:
        (shop / "app.txt").write_text("changed")
        (shop / "new.txt").write_text("new")
        assert (await source(shop, tmp_path).resolve("")).uncommitted == 2

    async def test_a_folder_within_the_work_tree_means_the_whole_commit(self, shop: Path, tmp_path: Path) -> None:
        found = await source(shop / "bin", tmp_path).resolve("")
        assert found.files == 2

    async def test_a_bare_repository_is_one_too(self, shop: Path, tmp_path: Path) -> None:
        git(tmp_path, "clone", "-q", "--bare", str(shop), "bare.git")
        assert (await source(tmp_path / "bare.git", tmp_path).resolve("v1.0.0")).version == "v1.0.0"

    @pytest.mark.parametrize("missing", ["nowhere", "."])
    async def test_a_folder_without_a_repository_is_a_no_go(self, tmp_path: Path, missing: str) -> None:
        with pytest.raises(NoGo, match=r"no git repository|no folder"):
            await source(tmp_path / missing, tmp_path).resolve("")

    async def test_the_callers_git_variables_point_nowhere_else(self, shop: Path, tmp_path: Path, monkeypatch) -> None:
        monkeypatch.setenv("GIT_DIR", str(tmp_path / "other.git"))
        assert (await source(shop, tmp_path).resolve("v1.0.0")).version == "v1.0.0"


class TestFetch:
    async def test_what_is_new_at_the_remote_is_found(self, shop: Path, clone: Path, tmp_path: Path) -> None:
        new = commit(shop, "app.txt", "three\n")
        git(shop, "tag", "v2.0.0")
        found = await source(clone, tmp_path).resolve("v2.0.0")
        assert (found.commit, found.branches) == (new, ("main",))

    async def test_a_branch_that_only_the_remote_has_is_found(self, clone: Path, tmp_path: Path) -> None:
        found = await source(clone, tmp_path).resolve("feature/x")
        assert found.branches == ("feature/x",)

    async def test_a_persons_own_branches_and_tags_stay(self, shop: Path, clone: Path, tmp_path: Path) -> None:
        git(clone, "tag", "mine")
        git(shop, "branch", "-qD", "feature/x")
        await source(clone, tmp_path).resolve("")
        assert "mine" in git(clone, "tag").split()
        assert "origin/feature/x" in git(clone, "branch", "-r").split()

    async def test_a_tag_that_was_moved_is_refused_and_others_are_not(self, shop: Path, clone: Path, tmp_path: Path) -> None:
        commit(shop, "app.txt", "three\n")
        git(shop, "tag", "-f", "v1.0.0")
        with pytest.raises(NoGo, match=r"the tag v1\.0\.0 here is not the tag") as caught:
            await source(clone, tmp_path).resolve("v1.0.0")
        assert "fetch origin tag v1.0.0 --force" in caught.value.hint
        assert (await source(clone, tmp_path).resolve("v1.10.0")).version == "v1.10.0"

    async def test_a_remote_that_is_gone_is_a_no_go_with_gits_words(self, shop: Path, clone: Path, tmp_path: Path) -> None:
        shutil.rmtree(shop)
        with pytest.raises(NoGo, match=r"cannot fetch origin of .*does not appear to be a git repository") as caught:
            await source(clone, tmp_path).resolve("")
        assert caught.value.hint.endswith("fetch origin")

    async def test_a_remote_that_says_nothing_ends_by_the_deadline_with_all_its_processes(self, clone: Path, tmp_path: Path, monkeypatch) -> None:
        monkeypatch.setattr(git_fetch, "DEADLINE", 0.3)
        (tmp_path / "ssh").write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid; exec sleep 60\n")
        (tmp_path / "ssh").chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        git(clone, "remote", "set-url", "origin", "ssh://nowhere.invalid/x")
        with pytest.raises(NoGo, match="no answer within 0 s"):
            await source(clone, tmp_path).resolve("")
        for _ in range(50):
            if is_gone((tmp_path / "pid").read_text().strip()):
                return
            await asyncio.sleep(0.02)
        pytest.fail("what git started is still there")


class TestMirror:
    async def test_a_url_is_mirrored_and_followed(self, shop: Path, tmp_path: Path) -> None:
        repository = source(f"file://{shop}", tmp_path)
        assert (await repository.resolve("")).commit == git(shop, "rev-parse", "main")
        commit(shop, "app.txt", "three\n")
        git(shop, "tag", "-f", "v1.0.0")
        found = await source(f"file://{shop}", tmp_path).resolve("v1.0.0")
        assert (found.commit, found.uncommitted) == (git(shop, "rev-parse", "main"), 0)

    async def test_the_remotes_own_head_is_the_default(self, shop: Path, tmp_path: Path) -> None:
        git(shop, "checkout", "-q", "feature/x")
        assert (await source(f"file://{shop}", tmp_path).resolve("")).commit == git(shop, "rev-parse", "feature/x")

    async def test_another_url_has_another_mirror(self, shop: Path, tmp_path: Path) -> None:
        await source(f"file://{shop}", tmp_path).resolve("")
        git(tmp_path, "clone", "-q", "--bare", str(shop), "bare.git")
        git(tmp_path / "bare.git", "tag", "other")
        assert (await source(f"file://{tmp_path}/bare.git", tmp_path).resolve("other")).version == "other"

    async def test_two_at_once_do_not_get_into_each_others_way(self, shop: Path, tmp_path: Path) -> None:
        both = [source(f"file://{shop}", tmp_path).resolve("v1.0.0") for _ in range(4)]
        assert len({found.commit for found in await asyncio.gather(*both)}) == 1

    async def test_one_that_cannot_be_reached_is_a_no_go_without_its_password(self, tmp_path: Path) -> None:
        with pytest.raises(NoGo, match="cannot fetch") as caught:
            await source("http://me:hunter2@127.0.0.1:1/x.git", tmp_path).resolve("")
        assert "hunter2" not in caught.value.message + caught.value.hint

    async def test_a_process_that_did_not_resolve_it_can_export(self, shop: Path, tmp_path: Path) -> None:
        revision = await source(f"file://{shop}", tmp_path).resolve("v1.0.0")
        shutil.rmtree(tmp_path / "cache")
        (tmp_path / "out").mkdir()
        await source(f"file://{shop}", tmp_path).export(ENVIRONMENT, revision, str(tmp_path / "out"))
        assert (tmp_path / "out" / "app.txt").read_text() == "one\n"


class TestExport:
    @pytest.fixture
    def out(self, tmp_path: Path) -> Path:
        (tmp_path / "out").mkdir()
        return tmp_path / "out"

    async def export(self, folder: Path, tmp_path: Path, out: Path, ref: str = "") -> None:
        repository = source(folder, tmp_path)
        await repository.export(ENVIRONMENT, await repository.resolve(ref), str(out))

    async def test_it_is_the_commit_and_nothing_uncommitted(self, shop: Path, tmp_path: Path, out: Path) -> None:
        (shop / "app.txt").write_text("changed")
        (shop / "new.txt").write_text("new")
        git(shop, "add", "new.txt")
        await self.export(shop, tmp_path, out)
        assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*")) == ["app.txt", "bin", "bin/start"]
        assert (out / "app.txt").read_text() == "one\n"

    async def test_it_is_the_whole_commit_from_a_folder_within(self, shop: Path, tmp_path: Path, out: Path) -> None:
        revision = await source(shop, tmp_path).resolve("")
        await source(shop / "bin", tmp_path).export(ENVIRONMENT, revision, str(out))
        assert (out / "bin" / "start").exists()

    async def test_modes_do_not_depend_on_who_exports(self, shop: Path, tmp_path: Path, out: Path) -> None:
        (shop / "bin" / "start").chmod(0o755)
        git(shop, "commit", "-qam", "Make it run")
        before = os.umask(0o077)
        try:
            await self.export(shop, tmp_path, out)
        finally:
            os.umask(before)
        assert [(out / name).stat().st_mode & 0o777 for name in ("app.txt", "bin/start", "bin")] == [0o644, 0o755, 0o755]

    async def test_names_of_any_kind_come_through(self, shop: Path, tmp_path: Path, out: Path) -> None:
        for name in ("ü ß.txt", "-rf", "a\tb", 'q"uote'):
            commit(shop, name, "x")
        await self.export(shop, tmp_path, out)
        assert {"ü ß.txt", "-rf", "a\tb", 'q"uote'} <= {path.name for path in out.iterdir()}

    async def test_a_folder_that_cannot_be_written_is_a_no_go(self, shop: Path, tmp_path: Path) -> None:
        with pytest.raises(NoGo, match=r"could not be written|archive failed"):
            await self.export(shop, tmp_path, tmp_path / "not" / "there")


async def test_candidates_are_tags_newest_first_then_commits_that_nothing_live_holds(shop: Path, tmp_path: Path):
    live = git(shop, "rev-parse", "v1.0.0")
    commit(shop, "later.txt", "l", "Later")
    found = await GitRepository(str(shop), str(tmp_path)).candidates({live: 3, "f" * 40: 1}, 50)
    assert {each.ref: (each.is_tag, each.live, each.ahead) for each in found if each.is_tag} == {
        "v1.0.0": (True, 3, False), "v1.9.0": (True, 0, True), "v1.10.0": (True, 0, True),
    }  # fmt: skip
    assert [(each.subject, each.is_tag, each.by, each.at) for each in found if not each.is_tag] == [("Later", False, "Ada", "2026-11-24T07:14:07Z")]
    annotated = next(each for each in found if each.ref == "v1.9.0")
    assert annotated.commit == git(shop, "rev-parse", "v1.9.0^{commit}")
    assert "\x1b" not in annotated.subject


async def test_candidates_of_an_unborn_branch_are_a_no_go(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    git(tmp_path / "empty", "init", "-q")
    with pytest.raises(NoGo):
        await GitRepository(str(tmp_path / "empty"), str(tmp_path)).candidates({}, 50)
