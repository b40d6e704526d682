"""What a commit holds, as the pre-flight reads it and as a release ships it: the two agree on every tree here."""

import os
import shutil
from pathlib import Path

import pytest

from console.adapters.git import commit_content
from console.adapters.git.git_repository import GitRepository
from console.core.checks.content import assess_content
from console.errors import NoGo
from console.model.checks import Check
from console.model.configured_environment import Build, Environment
from console.model.values import changed
from tests.adapters.repositories import ENVIRONMENT, commit, git, needs_git

pytestmark = needs_git

needs_lfs = pytest.mark.skipif(shutil.which("git-lfs") is None, reason="needs git-lfs: apt install git-lfs")


class Source:
    """A repository, and what a release of its HEAD would find and ship."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.shop, self.cache = folder, folder / "shop", folder / "cache"
        self.shop.mkdir()
        self.cache.mkdir()
        git(self.shop, "init", "-q", "-b", "main")
        commit(self.shop, "app.txt", "one\n")

    def library(self, name: str = "library", **options: str) -> Path:
        """Another repository, with one file."""
        place = self.folder / name
        place.mkdir(parents=True)
        git(place, "init", "-q", "-b", "main", *options.values())
        commit(place, "tool.txt", name)
        return place

    def take_in(self, url: object, path: str, into: Path | None = None) -> None:
        into = into or self.shop
        git(into, "submodule", "--quiet", "add", str(url), path)
        git(into, "commit", "-qm", f"Take {path} in")

    async def found(self, environment: Environment = ENVIRONMENT, location: object = "") -> Check:
        repository = GitRepository(str(location or self.shop), str(self.cache))
        return assess_content(environment, await repository.inspect(environment, await repository.resolve("")))

    async def shipped(self, environment: Environment = ENVIRONMENT, location: object = "", *, anyway: bool = False) -> set[str]:
        out = self.folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        repository = GitRepository(str(location or self.shop), str(self.cache))
        await repository.export(environment, await repository.resolve(""), str(out), anyway=anyway)
        return {path.relative_to(out).as_posix() for path in out.rglob("*") if not path.is_dir() or path.is_symlink()}


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return Source(tmp_path)


class TestSubmodules:
    async def test_they_are_shipped_at_their_pinned_commits(self, source: Source) -> None:
        library = source.library()
        source.take_in(library, "vendor/library")
        commit(library, "later.txt", "not pinned")
        assert (await source.found()).status == "passed"
        assert await source.shipped() == {".gitmodules", "app.txt", "vendor/library/tool.txt"}

    async def test_a_submodule_of_a_submodule_and_relative_urls(self, source: Source) -> None:
        source.library("deep")
        library = source.library()
        source.take_in("../deep", "deep", library)
        source.take_in("../library", "vendor/library")
        assert (await source.found()).status == "passed"
        assert "vendor/library/deep/tool.txt" in await source.shipped()
        assert "vendor/library/deep/tool.txt" in await source.shipped(location=f"file://{source.shop}")

    @pytest.mark.parametrize("build", [None, Build("true")])
    async def test_one_that_is_gone_upstream_is_named_with_a_build_too(self, source: Source, build: Build | None) -> None:
        source.take_in(source.library(), "vendor/library")
        source.take_in(source.library("other"), "vendor/other")
        for name in ("library", "other"):
            shutil.rmtree(source.folder / name)
        shutil.rmtree(source.shop / ".git" / "modules")
        found = await source.found(changed(ENVIRONMENT, build=build))
        assert (found.status, found.blocks) == ("failed", True)
        assert "vendor/library: cannot fetch" in found.detail
        assert "vendor/other: cannot fetch" in found.detail
        with pytest.raises(NoGo, match="the submodule vendor/library is not to be had"):
            await source.shipped()
        assert await source.shipped(anyway=True) == {".gitmodules", "app.txt"}

    async def test_what_this_machine_has_of_it_is_enough(self, source: Source) -> None:
        source.take_in(source.library(), "vendor/library")
        shutil.rmtree(source.folder / "library")
        assert (await source.found()).status == "passed"
        assert "vendor/library/tool.txt" in await source.shipped()

    async def test_a_pinned_commit_that_was_never_pushed_is_named(self, source: Source) -> None:
        source.take_in(source.library(), "vendor/library")
        new = commit(source.shop / "vendor" / "library", "new.txt", "local")
        git(source.shop, "commit", "-qam", "Pin it")
        shutil.rmtree(source.shop / ".git" / "modules")
        found = await source.found()
        assert f"vendor/library: its commit {new[:7]} is not in" in found.detail

    async def test_a_linked_work_tree_and_a_bare_clone_have_them_too(self, source: Source) -> None:
        source.take_in(source.library(), "vendor/library")
        git(source.shop, "worktree", "add", "-q", str(source.folder / "linked"))
        git(source.folder, "clone", "-q", "--bare", str(source.shop), str(source.folder / "bare.git"))
        for location in (source.folder / "linked", source.folder / "bare.git"):
            assert (await source.found(location=location)).status == "passed"
            assert "vendor/library/tool.txt" in await source.shipped(location=location)

    async def test_one_that_gitmodules_does_not_name_is_named_here(self, source: Source) -> None:
        library = source.library()
        git(source.shop, "update-index", "--add", "--cacheinfo", f"160000,{git(library, 'rev-parse', 'HEAD')},vendor/library")
        git(source.shop, "commit", "-qm", "Forget the file")
        assert "vendor/library: .gitmodules names no URL" in (await source.found()).detail

    async def test_one_that_is_not_wanted_is_not_asked_about(self, source: Source) -> None:
        source.take_in(source.library(), "vendor/library")
        source.take_in(source.library("other"), "api/other")
        commit(source.shop, "api/app.txt", "api")
        shutil.rmtree(source.folder / "library")
        shutil.rmtree(source.shop / ".git" / "modules" / "vendor")
        part = changed(ENVIRONMENT, directory="api")
        assert (await source.found(part)).status == "passed"
        assert await source.shipped(part) == {"api/app.txt", "api/other/tool.txt"}
        assert (await source.found(changed(ENVIRONMENT, submodules=False))).status == "passed"

    async def test_one_that_is_not_exported_is_not_asked_about(self, source: Source) -> None:
        (source.shop / ".gitattributes").write_text("vendor export-ignore\n")
        commit(source.shop, "more.txt", "more")
        git(source.shop, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor")
        git(source.shop, "commit", "-qm", "Take a library in")
        assert (await source.found()).status == "passed"
        assert await source.shipped() == {".gitattributes", "app.txt", "more.txt"}

    async def test_a_submodule_can_be_the_release(self, source: Source) -> None:
        source.take_in(source.library(), "vendor/library")
        part = changed(ENVIRONMENT, directory="vendor/library")
        assert (await source.found(part)).status == "passed"
        assert "vendor/library/tool.txt" in await source.shipped(part)

    async def test_a_command_for_a_url_is_never_run(self, source: Source, tmp_path: Path) -> None:
        git(source.shop, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor/library")
        for url in (f"ext::touch {tmp_path}/ran", f"--upload-pack=touch {tmp_path}/ran"):
            (source.shop / ".gitmodules").write_text(f'[submodule "vendor/library"]\npath = vendor/library\nurl = "{url}"\n')
            git(source.shop, "add", ".gitmodules")
            git(source.shop, "commit", "-qm", "Try it")
            assert (await source.found()).status == "failed"
        assert not (tmp_path / "ran").exists()

    async def test_sha256_repositories(self, source: Source, tmp_path: Path) -> None:
        library = source.library("lib256", kind="--object-format=sha256")
        top = source.library("top256", kind="--object-format=sha256")
        source.take_in(library, "lib", top)
        for location in (top, f"file://{top}"):
            assert (await source.found(location=location)).status == "passed"
            assert await source.shipped(location=location) == {".gitmodules", "tool.txt", "lib/tool.txt"}


class TestLfs:
    @pytest.fixture
    def media(self, source: Source) -> Source:
        git(source.shop, "lfs", "install", "--local")
        (source.shop / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n")
        (source.shop / "media").mkdir()
        (source.shop / "media" / "film.bin").write_bytes(b"frames" * 1000)
        commit(source.shop, "readme.txt", "with a film")
        return source

    @needs_lfs
    async def test_they_are_no_uncommitted_files(self, media: Source) -> None:
        (media.shop / "media" / "film.bin").touch()
        found = await GitRepository(str(media.shop), str(media.cache)).resolve("")
        assert found.changed_files == ()

    @needs_lfs
    async def test_they_are_shipped_as_their_content(self, media: Source) -> None:
        assert (await media.found()).status == "passed"
        assert "media/film.bin" in await media.shipped()
        assert (media.folder / "out" / "media" / "film.bin").read_bytes() == b"frames" * 1000

    @needs_lfs
    @pytest.mark.parametrize("url", ["file://{0}", "{0}"])
    async def test_they_are_fetched_from_where_the_repository_is(self, media: Source, url: str) -> None:
        clone = media.folder / "clone"
        git(
            media.folder,
            "-c",
            "filter.lfs.smudge=",
            "-c",
            "filter.lfs.process=",
            "-c",
            "filter.lfs.required=false",
            "clone",
            "-q",
            url.format(media.shop),
            str(clone),
        )
        assert (await media.found(location=clone)).status == "passed"
        await media.shipped(location=clone)
        assert (media.folder / "out" / "media" / "film.bin").read_bytes() == b"frames" * 1000

    @needs_lfs
    async def test_a_mirror_fetches_them_too(self, media: Source) -> None:
        assert (await media.found(location=f"file://{media.shop}")).status == "passed"
        await media.shipped(location=f"file://{media.shop}")
        assert (media.folder / "out" / "media" / "film.bin").read_bytes() == b"frames" * 1000

    @needs_lfs
    @pytest.mark.parametrize("build", [None, Build("true")])
    async def test_one_that_nobody_has_is_named_with_a_build_too(self, media: Source, build: Build | None) -> None:
        shutil.rmtree(media.shop / ".git" / "lfs" / "objects")
        (media.shop / "media" / "film.bin").unlink()  # git status would make the object of it again
        found = await media.found(changed(ENVIRONMENT, build=build))
        assert (found.status, found.blocks) == ("failed", True)
        assert "media/film.bin is a pointer only: there is no remote" in found.detail
        with pytest.raises(NoGo, match=r"media/film\.bin"):
            await media.shipped()
        assert "media/film.bin" in await media.shipped(anyway=True)

    async def test_without_git_lfs_that_is_what_is_said(self, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
        commit(source.shop, "film.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n")
        monkeypatch.setattr(commit_content.shutil, "which", lambda name: None)
        found = assess_content(ENVIRONMENT, await self._held(source, monkeypatch))
        assert "film.bin is a pointer only: git-lfs is not on the console's machine" in found.detail

    async def _held(self, source: Source, monkeypatch: pytest.MonkeyPatch):
        place = commit_content.CommitPlace(GitRepository(str(source.shop), str(source.cache))._git, "HEAD", "")
        return await commit_content.CommitContents(str(source.cache)).read(place, commit_content.WantedContent())


class TestTrees:
    async def test_everything_that_is_in_the_way_is_found_at_once(self, source: Source) -> None:
        for name, target in (("away", "/etc/passwd"), ("up", "../../outside"), ("fine", "app.txt")):
            (source.shop / name).symlink_to(target)
        for name in ("back\\slash", "new\nline"):
            (source.shop / name).write_text("x")
        commit(source.shop, "film.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n")
        git(source.shop, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor")
        git(source.shop, "commit", "-qm", "And a submodule")
        found = await source.found()
        for words in ("away -> /etc/passwd", "up -> ../../outside", "back\\\\slash", "new\\nline", "film.bin", "vendor: "):
            assert words in found.detail
        assert "fine" not in found.detail
        assert "--override content=REASON" in found.remedy

    async def test_names_that_a_host_cannot_take_are_firm(self, source: Source) -> None:
        blob = git(source.shop, "rev-parse", "HEAD:app.txt")
        for name in ("x" * 256, "/".join(["d" * 200] * 20)):
            git(source.shop, "update-index", "--add", "--cacheinfo", f"100644,{blob},{name}")
        git(source.shop, "commit", "-qm", "Long names")
        found = await source.found()
        assert (found.status, found.firm) == ("failed", True)
        assert "longer than a file system takes" in found.detail
        assert "longer than a host takes" in found.detail
        assert "--override" not in found.remedy

    async def test_names_of_other_encodings_and_cases_are_shipped(self, source: Source) -> None:
        with open(os.path.join(os.fsencode(source.shop), b"caf\xe9.txt"), "wb") as file:
            file.write(b"x")
        commit(source.shop, "README", "x")
        commit(source.shop, "Readme", "y")
        commit(source.shop, "/".join(["d" * 200] * 10) + "/deep.txt", "deep")
        (source.shop / "docs").symlink_to("dir", target_is_directory=True)
        commit(source.shop, "dir/page", "p")
        assert (await source.found()).status == "passed"
        shipped = await source.shipped()
        assert {"README", "Readme", "docs", "dir/page", os.fsdecode(b"caf\xe9.txt")} <= shipped

    async def test_attributes_are_heeded_by_both(self, source: Source) -> None:
        (source.shop / ".gitattributes").write_text("secret/ export-ignore\nversion.txt export-subst\n")
        commit(source.shop, "version.txt", "$Format:%s$")
        (source.shop / "secret").mkdir()
        (source.shop / "secret" / "away").symlink_to("/etc")
        commit(source.shop, "secret/key", "k", "Keep a secret")
        assert (await source.found()).status == "passed"
        assert await source.shipped() == {".gitattributes", "app.txt", "version.txt"}
        assert (source.folder / "out" / "version.txt").read_text() == "Keep a secret"

    async def test_settings_of_the_caller_and_hooks_change_nothing(self, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
        (source.folder / "attributes").write_text("* text eol=crlf\napp.txt export-ignore\n")
        settings = ("[core]", "autocrlf = true", "eol = crlf", f"attributesFile = {source.folder}/attributes", f"fsmonitor = touch {source.folder}/ran")
        (source.folder / ".gitconfig").write_text("\n".join(settings) + "\n")
        monkeypatch.setenv("HOME", str(source.folder))
        clone = source.folder / "clone"
        git(source.folder, "clone", "-q", str(source.shop), str(clone))
        (source.folder / "ran").unlink(missing_ok=True)
        for hook in ("reference-transaction", "post-checkout", "post-index-change"):
            (clone / ".git" / "hooks" / hook).write_text(f"#!/bin/sh\ntouch {source.folder}/ran\n")
            (clone / ".git" / "hooks" / hook).chmod(0o755)
        commit(source.shop, "new.txt", "new\n")
        git(source.shop, "tag", "v9")
        (source.folder / "ran").unlink(missing_ok=True)
        assert (await source.found(location=clone)).status == "passed"
        await source.shipped(location=clone)
        assert (source.folder / "out" / "app.txt").read_bytes() == b"one\n"
        assert not (source.folder / "ran").exists()

    async def test_a_listed_link_leads_out_and_another_does_not(self, source: Source) -> None:
        (source.shop / "uploads").symlink_to("/srv/shop/shared/uploads")
        (source.shop / "other").symlink_to("../../shared/other")
        commit(source.shop, "more", "more")
        found = await source.found(changed(ENVIRONMENT, links_out=("uploads",)))
        assert "other -> ../../shared/other" in found.detail
        assert "uploads" not in found.detail
        assert (await source.found(changed(ENVIRONMENT, links_out=("uploads", "other")))).status == "passed"

    async def test_a_link_out_of_the_part_that_is_the_release(self, source: Source) -> None:
        commit(source.shop, "lib/tool", "t")
        (source.shop / "api").mkdir()
        (source.shop / "api" / "lib").symlink_to("../lib")
        commit(source.shop, "api/app", "a")
        assert (await source.found()).status == "passed"
        assert "lib -> ../lib" in (await source.found(changed(ENVIRONMENT, directory="api"))).detail

    async def test_what_only_a_build_reads_is_a_warning(self, source: Source) -> None:
        (source.shop / "away").symlink_to("/etc")
        commit(source.shop, "more", "more")
        found = await source.found(changed(ENVIRONMENT, build=Build("make dist", "dist")))
        assert (found.status, found.blocks) == ("warning", False)
        assert (await source.found(changed(ENVIRONMENT, build=Build("true")))).blocks


class TestShared:
    @pytest.mark.parametrize(
        ("entry", "way", "kind"),
        [("storage/app/public/", "storage", "link"), ("a/b/c", "a/b", "link"), ("config/master.key", "config", "file"), ("lib/log/", "lib", "link")],
    )
    async def test_a_link_or_a_file_on_the_way_to_a_shared_entry_is_named(self, source: Source, entry: str, way: str, kind: str) -> None:
        (source.shop / "there").mkdir()
        commit(source.shop, "there/x", "x")
        (source.shop / way).parent.mkdir(exist_ok=True)
        if kind == "link":
            (source.shop / way).symlink_to(os.path.relpath(source.shop / "there", (source.shop / way).parent))
        else:
            (source.shop / way).write_text("x")
        git(source.shop, "add", "-A")
        git(source.shop, "commit", "-qm", "Stand in the way")
        found = await source.found(changed(ENVIRONMENT, shared=("log/", entry)))
        assert (found.status, found.firm, found.detail) == ("failed", True, f"what is shared: {entry} is in shared, but {way} is a {kind} in the commit")

    async def test_a_shared_entry_may_replace_what_the_commit_has_there(self, source: Source) -> None:
        commit(source.shop, ".env", "shipped")
        (source.shop / "log").symlink_to("app.txt")
        git(source.shop, "add", "-A")
        git(source.shop, "commit", "-qm", "Link")
        assert (await source.found(changed(ENVIRONMENT, shared=("log/", ".env", "deep/er/x/")))).status == "passed"

    async def test_in_a_folder_of_the_repository_and_in_a_submodule(self, source: Source) -> None:
        library = source.library()
        commit(library, "config", "a file")
        source.take_in(library, "api/vendor")
        (source.shop / "api" / "up").symlink_to("vendor")
        git(source.shop, "add", "-A")
        git(source.shop, "commit", "-qm", "Link")
        api = changed(ENVIRONMENT, directory="api", shared=("up/log/", "vendor/config/key"))
        found = await source.found(api)
        assert "up/log/ is in shared, but up is a link" in found.detail
        assert "vendor/config/key is in shared, but vendor/config is a file" in found.detail


class TestCutArchives:
    @pytest.mark.parametrize("end", ["exit 1", "kill -9 $$"])
    def test_an_archive_that_ends_between_two_files_is_no_whole_one(self, source: Source, end: str) -> None:
        commit(source.shop, "later.txt", "two\n")
        whole = source.folder / "whole.tar"
        git(source.shop, "archive", f"--output={whole}", "HEAD")
        argv = ["sh", "-c", f"head -c 2048 {whole}; {end}"]
        with pytest.raises(OSError, match="git archive ended with"):
            commit_content._listed(argv, frozenset())
        assert commit_content._listed(["cat", str(whole)], frozenset()).files == 2
