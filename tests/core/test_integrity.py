"""Whether a release on a host is what was shipped and what was verified: the texts that look, run by sh, and how their answers are read."""

import hashlib
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.host.integrity import LISTING, LOOK, MOST, changes_of, damage_of, expected, files_in, plain, quiet
from console.core.host.shell import quote
from tests.core.shells import SAY, Shell

NONE = expected((), ())


def made(folder: Path, files: dict[str, str], *, executable: tuple[str, ...] = ()) -> None:
    """A release with a manifest of its files."""
    lines = []
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
        (folder / name).chmod(0o755 if name in executable else 0o644)
        lines.append(f"{hashlib.sha256(content.encode()).hexdigest()}  ./{name}\n")
    head = "# version v1\n# commit abc\n"
    (folder / ".deploy-manifest").write_text(head + "".join(lines) + "".join(f"#x {name}\n" for name in executable))


def listed(sh: Shell, folder: Path) -> None:
    """Keep what the release holds now, as it is done when it is verified."""
    lines = sh.said(f"{LISTING}listing {quote(str(folder))}")
    (folder / ".deploy-listing").write_text("".join(f"{line}\n" for line in lines))


def verified(sh: Shell, folder: Path, release: str = "r1") -> list[str]:
    return sh.said(f"{SAY}{LOOK}verify {release} {quote(str(folder))}")


def compared(sh: Shell, folder: Path, *may: str) -> list[str]:
    return sh.said(f"{SAY}{LOOK}compare {quote(str(folder))} {quote(quiet((), may))}")


def of(lines: list[str], word: str) -> list[str]:
    return [line.removeprefix(f"{word} ") for line in lines if line.startswith(f"{word} ")]


@pytest.fixture
def release(sh: Shell) -> Path:
    folder = sh.folder / "my release"
    folder.mkdir()
    made(folder, {"a.txt": "one", "bin/run": "two", "it is/c": "three"}, executable=("bin/run",))
    return folder


def test_a_list_has_type_and_mode_and_name_of_each_thing_and_the_length_of_a_link(sh: Shell):
    folder = sh.folder / "a release"
    (folder / "d").mkdir(parents=True)
    (folder / "d" / "f 1").write_text("x")
    (folder / "run").write_text("x")
    (folder / "link").symlink_to("d/f 1")
    for name, mode in (("d", 0o755), ("d/f 1", 0o640), ("run", 0o755)):
        (folder / name).chmod(mode)
    for own in (".deploy-manifest", ".deploy-listing", ".deploy-linked"):
        (folder / own).write_text("own")
    assert sh.said(f"{LISTING}listing 'a release'") == ["41ed - ./d", "81a0 - ./d/f 1", "81ed - ./run", "a1ff 5 ./link"]


def test_a_list_of_a_folder_that_is_not_there_is_empty(sh: Shell):
    ran = sh.run(f"{LISTING}listing nowhere")
    assert ran.stdout == ""


def test_a_list_leaves_the_shell_where_it_was(sh: Shell):
    (sh.folder / "r").mkdir()
    assert sh.said(f"{LISTING}listing r\npwd -P") == [str(sh.folder.resolve())]


def test_a_release_as_it_was_shipped_is_whole(sh: Shell, release: Path):
    assert verified(sh, release) == ["checked r1\t0"]


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("printf other > a.txt", "1 file differs from the release: a.txt"),
        ("rm 'it is/c'", "1 file differs from the release: it is/c"),
        ("chmod -x bin/run", "1 not executable any more: bin/run"),
        ("rm bin/run", "1 file differs from the release: bin/run"),
        ("printf x > new", ""),
        ("printf '# version v1\\n' > .deploy-manifest", ""),
        ("printf nonsense > .deploy-manifest", "its manifest cannot be checked"),
    ],
    ids=["changed", "gone", "not executable", "an executable that is gone", "added", "a manifest of nothing", "no manifest at all"],
)
def test_what_is_not_as_it_was_shipped_is_said_by_file(sh: Shell, release: Path, harm: str, words: str):
    sh.said(f"cd 'my release'\n{harm}")
    found = verified(sh, release)
    assert damage_of(plain(of(found, "bad")), of(found, "lost"), of(found, "checked"), of(found, "bare"), NONE) == {"r1": words}


def test_of_a_release_without_a_manifest_nothing_is_said(sh: Shell, release: Path):
    (release / ".deploy-manifest").unlink()
    assert verified(sh, release) == []


def test_no_more_lines_are_sent_than_anybody_reads(sh: Shell, release: Path):
    made(release, {f"f{number:03}": "x" for number in range(MOST + 50)})
    for number in range(MOST + 50):
        (release / f"f{number:03}").write_text("y")
    found = verified(sh, release)
    assert len(of(found, "bad")) == MOST == 200


def test_what_was_verified_and_stays_is_quiet(sh: Shell, release: Path):
    listed(sh, release)
    assert compared(sh, release) == []


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("printf x > 'new one'", "1 added: new one"),
        ("mkdir -p up/deep; printf x > up/deep/f", "1 added: up"),
        ("rm a.txt", "1 gone: a.txt"),
        ("rm -r 'it is'", "1 gone: it is"),
        ("chmod 600 a.txt", "1 of another mode or kind than it was verified with: a.txt"),
        ("rm a.txt; ln -s bin/run a.txt", "1 of another mode or kind than it was verified with: a.txt"),
        ("rm a.txt; printf x > z", "1 added: z; 1 gone: a.txt"),
        ("printf changed > a.txt", ""),
        ("printf x > .deploy-linked.new", ""),
    ],
)
def test_what_came_and_went_since_is_said(sh: Shell, release: Path, harm: str, words: str):
    listed(sh, release)
    sh.said(f"cd 'my release'\n{harm}")
    found = compared(sh, release)
    assert changes_of(of(found, "other"), of(found, "then"), of(found, "unlinked"), frozenset()) == words


def test_what_may_differ_is_not_said(sh: Shell, release: Path):
    listed(sh, release)
    sh.said("cd 'my release'\nmkdir -p tmp/cache log; printf x > tmp/cache/f; printf x > log/a.log; printf x > other")
    found = compared(sh, release, "tmp/", "log/*.log", "log")
    assert of(found, "other") == ["81a4 - ./other"]


def test_a_release_without_a_list_is_not_compared(sh: Shell, release: Path):
    (release / "new").write_text("x")
    assert compared(sh, release) == []


def test_links_into_shared_that_are_none_any_more(sh: Shell, release: Path):
    for name in ("log", "tmp", "cache", "it's"):
        (sh.folder / "shared" / name).mkdir(parents=True)
    (release / ".deploy-linked").write_text("log\ntmp\ncache\nit's\n")
    (release / "log").symlink_to("../shared/log")
    (release / "tmp").mkdir()
    (release / "cache").symlink_to("../shared/log")
    found = compared(sh, release)
    assert of(found, "unlinked") == ["tmp", "cache", "it's"]


def test_a_release_that_is_a_link_itself_is_looked_into(sh: Shell, release: Path):
    listed(sh, release)
    (sh.folder / "current").symlink_to("my release")
    (release / "new").write_text("x")
    assert of(compared(sh, sh.folder / "current"), "other") == ["81a4 - ./new"]


MATCHES = [
    ("log/", "log", True), ("log/", "log/a", True), ("log/", "log/a/b", True), ("log/", "logs", False), ("log/", "a/log", False),
    (".env", ".env", True), (".env", ".env/x", True), (".env", "xenv", False), (".env", "a/.env", False),
    ("*.log", "a.log", True), ("*.log", ".log", True), ("*.log", "a/b.log", False), ("*.log", "a.logs", False), ("*.log", "a.log/b", True),
    ("tmp/*", "tmp/a", True), ("tmp/*", "tmp/a/b", True), ("tmp/*", "tmp", False),
    ("a?c", "abc", True), ("a?c", "a/c", False), ("a?c", "ac", False),
    ("**", "a/b/c", True), ("**/cache", "cache", True), ("**/cache", "a/b/cache", True), ("**/cache", "a/xcache", False), ("**/cache/", "a/cache/f", True),
    ("a/**/z", "a/z", True), ("a/**/z", "a/b/c/z", True), ("a/**/z", "az", False), ("a/**", "a/b/c", True), ("a/**", "b", False),
    ("a+b", "a+b", True), ("a+b", "aab", False), ("a.b", "axb", False), ("(a|b)", "(a|b)", True), ("(a|b)", "a", False), ("[ab]", "[ab]", True), ("[ab]", "a", False),
    ("{a}", "{a}", True), ("^a$", "^a$", True), ("a\\b", "a\\b", True), ("it is/", "it is/a", True),
]  # fmt: skip


@pytest.mark.parametrize(("glob", "path", "may"), MATCHES)
def test_which_paths_may_differ(glob: str, path: str, may: bool):
    assert bool(expected((glob,), ()).fullmatch(path)) is may
    assert bool(expected((), (glob,)).fullmatch(path)) is may


def test_grep_on_a_host_and_the_console_agree_on_what_may_differ(sh: Shell):
    lines = "".join(f"grep -Ecx {quote(quiet((glob,), ()))} <<'END' || :\n81a4 - ./{path}\nEND\n" for glob, path, _ in MATCHES)
    assert sh.said(lines) == [str(int(may)) for *_, may in MATCHES]


def test_several_patterns_are_one():
    may = expected(("log/",), ("tmp/*", "*.pid"))
    assert [bool(may.fullmatch(path)) for path in ("log/a", "tmp/a", "x.pid", "src/a")] == [True, True, True, False]
    assert quiet(("log/",), ("*.pid",)) == r"^[0-9a-f]+ [0-9-]+ \./(log(/.*)?|[^/]*\.pid(/.*)?)$"


def test_nothing_may_differ_where_nothing_is_named():
    assert not any(NONE.fullmatch(path) for path in ("", "a", "a/b"))
    assert quiet((), ()) == "^$"


@given(st.text(alphabet="ab*?/.+([{^$|\\", min_size=1, max_size=12), st.text(alphabet="ab/.\n", max_size=12))
def test_any_pattern_is_taken_and_a_plain_one_means_itself(glob: str, path: str):
    may = expected((glob,), ())
    if "*" not in glob and "?" not in glob:
        assert bool(may.fullmatch(path)) is (path == glob.rstrip("/") or path.startswith(f"{glob.rstrip('/')}/"))


@pytest.mark.parametrize(
    ("bad", "lines"),
    [
        (["r1\t./a: FAILED"], ["r1\t./a"]),
        (["r1\t./a: b: FAILED open or read"], ["r1\t./a: b"]),
        (["r1\t\\./a\\\\b: FAILED"], ["r1\t./a\\\\b"]),
        (["r1\tno verdict"], []),
        ([], []),
    ],
)
def test_the_verdict_of_a_line_is_cut_off(bad: list[str], lines: list[str]):
    assert plain(bad) == lines


@pytest.mark.parametrize(
    ("bad", "lost", "checked", "bare", "words"),
    [
        ((), (), ("r1\t0",), (), ""),
        (("r1\t./a",), (), ("r1\t1",), (), "1 file differs from the release: a"),
        (("r1\t./b", "r1\ta"), (), ("r1\t1",), (), "2 files differ from the release: a, b"),
        (tuple(f"r1\t./{name}" for name in "dbca"), (), ("r1\t1",), (), "4 files differ from the release: a, b, c, …"),
        (tuple(f"r1\t./{name}" for name in "cba"), (), ("r1\t1",), (), "3 files differ from the release: a, b, c"),
        ((), ("r1\tbin/run",), ("r1\t0",), (), "1 not executable any more: bin/run"),
        (("r1\t./a",), ("r1\tb",), ("r1\t1",), (), "1 file differs from the release: a; 1 not executable any more: b"),
        ((), (), ("r1\t1",), (), "its manifest cannot be checked"),
        ((), (), ("r1\t",), (), "its manifest cannot be checked"),
        ((), (), ("r1\t1",), ("r1",), ""),
        (("r1\t./log/x",), (), ("r1\t1",), (), ""),
        ((), ("r1\tlog/x",), ("r1\t0",), (), ""),
        (("r2\t./a",), (), ("r1\t0",), (), ""),
    ],
    ids=["whole", "one", "two", "four", "three", "bit", "both", "unread", "no code", "bare", "may differ", "may lose", "another's"],
)  # fmt: skip
def test_in_what_a_release_is_not_what_was_shipped(bad, lost, checked, bare, words: str):
    assert damage_of(bad, lost, checked, bare, expected(("log/",), ())) == {"r1": words}


def test_each_release_is_judged_by_its_own_lines():
    found = damage_of(("r1\t./a", "r3\t./x"), ("r2\tb",), ("r1\t1", "r2\t0", "r4\t2"), (), NONE)
    assert found == {"r1": "1 file differs from the release: a", "r2": "1 not executable any more: b", "r4": "its manifest cannot be checked"}


def test_the_files_that_were_named_of_a_release():
    assert files_in(("r1\t./a", "r2\t./b", "r1\tc d"), "r1") == {"a", "c d"}
    assert files_in((), "r1") == frozenset()


def line(name: str, mode: str = "81a4", size: str = "-") -> str:
    return f"{mode} {size} ./{name}"


@pytest.mark.parametrize(
    ("changed", "were", "unlinked", "told", "words"),
    [
        ((), (), (), (), ""),
        ((line("a"),), (), (), (), "1 added: a"),
        ((line("a", "41ed"), line("a/b"), line("ab")), (), (), (), "2 added: a, ab"),
        ((line("a"),), (line("a"),), (), (), "1 gone: a"),
        ((line("d", "41ed"), line("d/a")), (line("d", "41ed"), line("d/a")), (), (), "1 gone: d"),
        ((line("a"),), (line("a"),), (), ("a",), ""),
        ((line("a"), line("a", "81ed")), (line("a"),), (), (), "1 of another mode or kind than it was verified with: a"),
        ((line("a"), line("a", "81ed")), (line("a"),), (), ("a",), ""),
        ((line("l", "a1ff", "5"), line("l", "a1ff", "6")), (line("l", "a1ff", "5"),), (), (), "1 of another mode or kind than it was verified with: l"),
        ((line("d"), line("d", "41ed"), line("d/x")), (line("d"),), (), (), "1 added: d/x; 1 of another mode or kind than it was verified with: d"),
        ((line("d", "41ed"), line("d"), line("d/x")), (line("d", "41ed"), line("d/x")), (), (), "1 gone: d/x; 1 of another mode or kind than it was verified with: d"),
        ((), (), ("log", "tmp/x"), (), "log is no link to shared/log any more; tmp/x is no link to shared/tmp/x any more"),
        ((line("it is"),), (), (), (), "1 added: it is"),
        (("broken", "81a4 -"), (), (), (), ""),
        (tuple(line(name) for name in "dcba"), (), (), (), "4 added: a, b, c, …"),
    ],
    ids=["nothing", "added", "added below", "gone", "gone with all", "told already", "mode", "mode, told", "link", "folder for file", "file for folder",
         "unlinked", "spaces", "broken lines", "many"],
)  # fmt: skip
def test_what_changed_since_a_release_was_verified(changed, were, unlinked, told, words: str):
    assert changes_of(changed, were, unlinked, frozenset(told)) == words


@given(st.sets(st.sampled_from(["a", "b", "d", "d/x", "d/x/y"])), st.sets(st.sampled_from(["a", "b", "d", "d/x", "d/x/y"])))
def test_equal_lists_say_nothing_and_different_ones_say_something(then: set[str], now: set[str]):
    before, after = {line(name) for name in then}, {line(name) for name in now}
    words = changes_of(before ^ after, before - after, (), frozenset())
    assert bool(words) is (then != now)
    assert ("added" in words) is bool(now - then)
    assert ("gone" in words) is bool(then - now)


def test_a_host_without_stat_is_not_compared(shell_tools: tuple[str, str], tmp_path: Path):
    tools = tmp_path / "bare"
    tools.mkdir()
    for name in ("grep", "sort", "uniq", "head", "find"):
        (tools / name).symlink_to(shutil.which(name) or "")
    sh = Shell(shell_tools[0], str(tools), tmp_path)
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / ".deploy-listing").write_text("81a4 - ./gone\n")
    assert compared(sh, tmp_path / "r") == []
