"""How a commit stands to its remotes and to what is live, with the real git: behind, unpushed, moved, ambiguous, cut off."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from console.adapters.git.git_repository import GitRepository
from console.core.checks.branch_and_work_tree import assess_behind, assess_tree
from console.errors import NoGo, UsageFault
from console.model.release_facts import Revision
from tests.adapters.repositories import commit, git, needs_git, source

pytestmark = needs_git


async def at(clone: Path, tmp_path: Path, ref: str = "") -> Revision:
    return await source(clone, tmp_path).resolve(ref)


class TestBehind:
    async def test_a_branch_that_is_what_its_upstream_is(self, clone: Path, tmp_path: Path) -> None:
        for ref in ("", "main", "heads/main", "refs/heads/main"):
            found = await at(clone, tmp_path, ref)
            assert (found.named, found.upstream, found.behind, found.published) == ("branch", "origin/main", 0, True)
        assert assess_behind(found, True, "/shop").status == "passed"

    @pytest.mark.parametrize("ref", ["", "main", "heads/main", "@"])
    async def test_a_branch_whose_upstream_went_on(self, shop: Path, clone: Path, tmp_path: Path, ref: str) -> None:
        commit(shop, "app.txt", "three\n")
        commit(shop, "app.txt", "four\n")
        found = await at(clone, tmp_path, ref)
        assert (found.behind, found.published) == (2, True)
        warned, blocked = assess_behind(found, False, "/shop"), assess_behind(found, True, "/shop")
        assert (warned.status, warned.blocks, blocked.status, blocked.blocks) == ("warning", False, "failed", True)
        assert blocked.detail == f"{ref or 'HEAD'} lacks 2 commits of origin/main; release that, or pull; or --override behind=REASON"
        assert blocked.remedy == "deploy ENV --version origin/main"
        assert (await at(clone, tmp_path, "origin/main")).behind == 0

    async def test_an_explicit_commit_or_tag_that_the_remote_has_is_skipped(self, shop: Path, clone: Path, tmp_path: Path) -> None:
        commit(shop, "app.txt", "three\n")
        git(clone, "checkout", "-q", "--detach")
        for ref in ("v1.0.0", git(clone, "rev-parse", "HEAD"), "main~1", "", "v1.9.0"):
            found = await at(clone, tmp_path, ref)
            assert assess_behind(found, True, "/shop").status == "skipped", ref

    async def test_a_commit_that_no_remote_has(self, clone: Path, tmp_path: Path) -> None:
        new = commit(clone, "own.txt", "mine")
        git(clone, "tag", "mine")
        for ref in ("", "main", new, "mine"):
            found = await at(clone, tmp_path, ref)
            check = assess_behind(found, True, "/shop")
            assert (found.published, check.blocks) == (False, True)
            assert f"{new[:7]} is on no remote (origin was asked)" in check.detail

    async def test_a_commit_that_only_a_tag_of_the_remote_has(self, shop: Path, clone: Path, tmp_path: Path) -> None:
        git(shop, "checkout", "-q", "--detach")
        commit(shop, "hotfix.txt", "h")
        git(shop, "tag", "-am", "Hotfix", "v9")
        git(shop, "checkout", "-q", "main")
        found = await at(clone, tmp_path, "v9")
        assert (found.published, assess_behind(found, True, "/shop").status) == (True, "skipped")

    async def test_what_both_went_on_with_is_said_of_both(self, shop: Path, clone: Path, tmp_path: Path) -> None:
        commit(shop, "app.txt", "three\n")
        commit(clone, "own.txt", "mine")
        detail = assess_behind(await at(clone, tmp_path), True, "/shop").detail
        assert "lacks 1 commit of origin/main" in detail
        assert "is on no remote" in detail

    async def test_a_branch_without_an_upstream_is_held_against_the_remotes_of_its_name(self, shop: Path, clone: Path, tmp_path: Path) -> None:
        git(clone, "branch", "--unset-upstream")
        commit(shop, "app.txt", "three\n")
        assert (await at(clone, tmp_path)).behind == 1
        git(clone, "checkout", "-qb", "quiet")
        found = await at(clone, tmp_path)
        assert (found.upstream, assess_behind(found, True, "/shop").status) == ("", "passed")

    async def test_an_upstream_that_was_deleted_lacks_nothing(self, shop: Path, clone: Path, tmp_path: Path) -> None:
        git(clone, "checkout", "-q", "feature/x")
        git(shop, "branch", "-qD", "feature/x")
        git(clone, "fetch", "-q", "--prune")
        found = await at(clone, tmp_path)
        assert (found.upstream, found.behind, found.published) == ("", 0, False)

    async def test_the_remote_that_a_branch_follows_is_fetched_too(self, shop: Path, clone: Path, tmp_path: Path) -> None:
        git(tmp_path, "clone", "-q", str(shop), "company")
        git(clone, "remote", "add", "company", str(tmp_path / "company"))
        git(clone, "fetch", "-q", "company")
        git(clone, "branch", "-q", "--set-upstream-to=company/main")
        commit(tmp_path / "company", "app.txt", "three\n")
        found = await at(clone, tmp_path)
        assert (found.upstream, found.behind) == ("company/main", 1)

    async def test_one_remote_of_another_name(self, shop: Path, clone: Path, tmp_path: Path) -> None:
        git(clone, "remote", "rename", "origin", "company")
        commit(shop, "app.txt", "three\n")
        found = await at(clone, tmp_path, "main")
        assert (found.upstream, found.behind, found.remote) == ("company/main", 1, "company")
        assert (await at(clone, tmp_path, "feature/x")).published

    async def test_a_bare_clone_is_fetched_and_compared(self, shop: Path, tmp_path: Path) -> None:
        git(tmp_path, "clone", "-q", "--bare", str(shop), "bare.git")
        new = commit(shop, "app.txt", "three\n")
        git(shop, "tag", "v3")
        found = await at(tmp_path / "bare.git", tmp_path, "main")
        assert (found.behind, found.upstream) == (1, "origin/main")
        assert (await at(tmp_path / "bare.git", tmp_path, "v3")).commit == new

    async def test_a_linked_work_tree(self, shop: Path, clone: Path, tmp_path: Path) -> None:
        git(clone, "worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"), "origin/main")
        commit(shop, "app.txt", "three\n")
        assert (await at(tmp_path / "linked", tmp_path)).behind == 1

    async def test_without_a_remote_and_from_a_url_there_is_nothing_to_lack(self, shop: Path, tmp_path: Path) -> None:
        assert assess_behind(await at(shop, tmp_path), True, "/shop").status == "skipped"
        assert assess_behind(await source(f"file://{shop}", tmp_path).resolve("main"), True, "/shop").status == "passed"

    async def test_where_history_is_cut_off_nothing_is_made_up(self, shop: Path, tmp_path: Path) -> None:
        first = commit(shop, "app.txt", "three\n")
        commit(shop, "app.txt", "four\n")
        git(tmp_path, "clone", "-q", "--depth=1", f"file://{shop}", "shallow")
        shallow = tmp_path / "shallow"
        assert (await at(shallow, tmp_path)).published
        repository = source(shallow, tmp_path)
        head = (await repository.resolve("")).commit
        assert await repository.relation(first, head) == "unknown"
        new = commit(shallow, "own.txt", "mine")
        check = assess_behind(await at(shallow, tmp_path, new), True, "/shop")
        assert (check.status, check.remedy) == ("warning", "git -C /shop fetch --unshallow")
        with pytest.raises(UsageFault) as caught:
            await at(shallow, tmp_path, first[:10])
        assert "--unshallow" in caught.value.hint


class TestRelation:
    async def test_newer_older_aside_and_not_known(self, shop: Path, tmp_path: Path) -> None:
        repository = source(shop, tmp_path)
        first, last, aside = (git(shop, "rev-parse", f"{ref}^{{commit}}") for ref in ("v1.0.0", "main", "feature/x"))
        other = commit(shop, "other.txt", "o")
        assert [await repository.relation(*pair) for pair in ((first, last), (last, first), (last, last), (aside, other), ("f" * 40, last), ("", last))] == [
            "newer", "older", "same", "diverged", "unknown", "unknown",
        ]  # fmt: skip


class TestFetch:
    @pytest.mark.parametrize("ref", ["v1.0.0", "tags/v1.0.0", "refs/tags/v1.0.0", "v1.0.0^{commit}", "v1.0.0~0"])
    async def test_a_moved_tag_is_named_however_it_is_written(self, shop: Path, clone: Path, tmp_path: Path, ref: str) -> None:
        commit(shop, "app.txt", "three\n")
        git(shop, "tag", "-f", "v1.0.0")
        with pytest.raises(NoGo, match=r"the tag v1\.0\.0 here is not the tag v1\.0\.0 of origin") as caught:
            await at(clone, tmp_path, ref)
        typed = caught.value.hint.partition("take the remote's: ")[2].partition(";")[0]
        subprocess.run(typed, shell=True, check=True, capture_output=True)
        assert (await at(clone, tmp_path, ref)).commit == git(shop, "rev-parse", "v1.0.0")

    async def test_a_moved_tag_hides_no_other_failure(self, shop: Path, clone: Path, tmp_path: Path) -> None:
        commit(shop, "app.txt", "three\n")
        git(shop, "tag", "-f", "v1.0.0")
        lock = clone / ".git" / "refs" / "remotes" / "origin" / "main.lock"
        lock.write_text("")
        with pytest.raises(NoGo, match=r"cannot fetch origin of .*main\.lock"):
            await at(clone, tmp_path, "main")
        lock.unlink()
        assert (await at(clone, tmp_path, "origin/main")).commit == git(shop, "rev-parse", "main")

    async def test_a_moved_tag_names_no_version(self, shop: Path, clone: Path, tmp_path: Path) -> None:
        git(shop, "tag", "-f", "v1.10.0", "v1.0.0")
        assert (await at(clone, tmp_path, "main")).version == "v1.9.0"

    async def test_a_branch_that_cannot_be_taken_over_is_a_failure(self, shop: Path, clone: Path, tmp_path: Path) -> None:
        git(clone, "config", "remote.origin.fetch", "refs/heads/*:refs/remotes/origin/*")
        git(shop, "commit", "-q", "--amend", "-m", "Another")
        with pytest.raises(NoGo, match="cannot fetch origin"):
            await at(clone, tmp_path)

    async def test_a_remote_that_has_no_tags_and_a_tag_of_ones_own(self, tmp_path: Path) -> None:
        (tmp_path / "plain").mkdir()
        git(tmp_path / "plain", "init", "-q", "-b", "main")
        commit(tmp_path / "plain", "a", "a")
        git(tmp_path, "clone", "-q", str(tmp_path / "plain"), "own")
        git(tmp_path / "own", "tag", "mine")
        assert (await at(tmp_path / "own", tmp_path)).version == "mine"

    async def test_many_new_tags_come_at_once(self, shop: Path, clone: Path, tmp_path: Path) -> None:
        for number in range(300):
            git(shop, "update-ref", f"refs/tags/deep/{'x' * 150}/{number}", "main")
        await at(clone, tmp_path)
        assert len(git(clone, "tag").split()) == 303


class TestNames:
    async def test_a_tag_and_a_branch_of_one_name_are_told_apart(self, shop: Path, tmp_path: Path) -> None:
        git(shop, "branch", "v1.0.0", "main")
        with pytest.raises(UsageFault, match=r"v1\.0\.0 is a tag \(\w{7}\) and a branch") as caught:
            await at(shop, tmp_path, "v1.0.0")
        assert "--version refs/tags/v1.0.0, or --version refs/heads/v1.0.0" in caught.value.hint
        assert (await at(shop, tmp_path, "refs/tags/v1.0.0")).named == "tag"
        assert (await at(shop, tmp_path, "refs/heads/v1.0.0")).commit == git(shop, "rev-parse", "refs/heads/main")
        git(shop, "branch", "-f", "v1.0.0", "refs/tags/v1.0.0")
        assert (await at(shop, tmp_path, "v1.0.0")).version == "v1.0.0"

    async def test_uncommitted_files_are_named_without_hosts_toml(self, shop: Path, tmp_path: Path) -> None:
        (shop / "ops").mkdir()
        for name in ("ops/hosts.toml", "new\nline.txt", "app.txt"):
            (shop / name).write_text("changed")
        (tmp_path / "cache").mkdir()
        found = await GitRepository(str(shop), str(tmp_path / "cache"), str(shop / "ops" / "hosts.toml")).resolve("")
        assert found.uncommitted == 2
        assert "1 file" not in (detail := assess_tree(found).detail)
        assert "app.txt" in detail
        assert "\n" not in detail
        git(shop, "add", "ops")
        found = await GitRepository(str(shop), str(tmp_path / "cache"), str(shop / "ops" / "hosts.toml")).resolve("")
        assert found.uncommitted == 2

    async def test_settings_that_hide_files_hide_none(self, shop: Path, tmp_path: Path) -> None:
        git(shop, "config", "status.showUntrackedFiles", "no")
        (shop / "new.txt").write_text("new")
        assert (await at(shop, tmp_path)).changed_files == ("new.txt",)


class TestOpen:
    async def test_the_repository_beside_the_file_is_named(self, shop: Path, tmp_path: Path) -> None:
        git(tmp_path, "clone", "-q", "--bare", str(shop), "bare.git")
        (tmp_path / "cache").mkdir()
        with pytest.raises(NoGo, match="no git repository") as caught:
            await GitRepository(str(tmp_path), str(tmp_path / "cache"), str(tmp_path / "hosts.toml")).resolve("")
        assert caught.value.hint == 'set repository = "bare.git" in [app] of hosts.toml; also there: shop'

    @pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a folder to another user")
    async def test_a_repository_of_another_user_says_how_it_is_trusted(self, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.delenv("SUDO_UID", raising=False)
        for path in (shop, *shop.rglob("*")):
            shutil.chown(path, 65534, 65534)
        with pytest.raises(NoGo, match="dubious ownership") as caught:
            await at(shop, tmp_path)
        subprocess.run(caught.value.hint.partition("trusted: ")[2], shell=True, check=True)
        assert (await at(shop, tmp_path)).version == "v1.10.0"

    async def test_an_empty_repository_and_an_empty_url(self, tmp_path: Path) -> None:
        git(tmp_path, "init", "-q", "empty")
        for location in (tmp_path / "empty", f"file://{tmp_path}/empty"):
            with pytest.raises(UsageFault, match="unknown REF HEAD"):
                await source(location, tmp_path).resolve("")

    async def test_local_replacements_change_no_release(self, shop: Path, tmp_path: Path) -> None:
        subject = (await at(shop, tmp_path)).subject
        git(shop, "replace", "main", "v1.0.0")
        assert (await at(shop, tmp_path)).subject == subject
