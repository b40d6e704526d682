"""What a commit holds, as far as it decides whether that can be shipped. Values only; `core/checks/content.py` judges them."""

import msgspec

from console.safe_text import SafeText


class Holding(msgspec.Struct, frozen=True):
    """The whole tree of a commit, its submodules and LFS files filled in. Paths are relative to the repository, and bytes that are no UTF-8 are surrogates."""

    files: int = 0
    size: int = 0
    """Bytes of its files."""
    unfit: tuple[str, ...] = ()
    """Names that a release cannot carry."""
    links: tuple[tuple[str, str], ...] = ()
    """(path, target) of symlinks."""
    pointers: tuple[str, ...] = ()
    """LFS files whose content is not to be had."""
    pointers_why: SafeText = SafeText("")
    pointers_remedy: SafeText = SafeText("")
    modules: tuple[tuple[str, SafeText], ...] = ()
    """(path, why) of submodules that are not to be had."""
    has_directory: bool = True
    """Whether it has the folder that is the release."""
    standing: tuple[str, ...] = ()
    """Files where an entry of `shared` wants a folder."""

    def beside(self, other: "Holding", path: str) -> "Holding":
        """Return this one with what a submodule at that path holds."""
        return Holding(
            files=self.files + other.files,
            size=self.size + other.size,
            unfit=(*self.unfit, *(f"{path}/{name}" for name in other.unfit)),
            links=(*self.links, *((f"{path}/{name}", target) for name, target in other.links)),
            pointers=(*self.pointers, *(f"{path}/{name}" for name in other.pointers)),
            pointers_why=self.pointers_why or other.pointers_why,
            pointers_remedy=self.pointers_remedy or other.pointers_remedy,
            modules=(*self.modules, *((f"{path}/{name}", why) for name, why in other.modules)),
            has_directory=self.has_directory or other.has_directory,
            standing=(*self.standing, *(f"{path}/{name}" for name in other.standing)),
        )


class Flaw(msgspec.Struct, frozen=True):
    """Why a path cannot be shipped."""

    what: SafeText
    """The kind of flaw, for those that share it: `links out of the release`."""
    name: SafeText
    """The path, with what is wrong with it."""
    remedy: SafeText
    firm: bool = False
    """It cannot be shipped at all, whatever reason is given."""
    shipped: bool = True
    """Whether it lies in what is shipped, and not only in what a build reads."""
