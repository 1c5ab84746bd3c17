"""Which files of a folder are taken: ignore files for good, patterns for one run.

Both are written as in `.gitignore`. No file but the ignore files is opened here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from qa.errors import DocumentError, shown

# `*` in one name, and `**` in one pattern: pathspec tries every way to divide a path, 16 s for five and 200 letters.
MOST_STARS = 3
IGNORE_FILES = (".gitignore", ".qaignore")  # in one folder, the second decides against the first


class Ignored:
    """The rules of the ignore files in a folder and below; of those that match a path, the deepest file's decides."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._rules: dict[Path, GitIgnoreSpec] = {}

    def enter(self, folder: Path) -> None:
        """Read the ignore files of a folder, before asking about what lies in it."""
        lines: list[str] = []
        for path in (folder / name for name in IGNORE_FILES):
            try:
                lines += path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
            except OSError as error:
                raise DocumentError(f"{path} cannot be read: {error.strerror}. Check its rights") from error
        if lines:
            self._rules[folder] = _compile(lines, where=str(folder))

    def __call__(self, path: Path, *, folder: bool = False) -> bool:
        """Whether a file, or all that is in a folder, is left out."""
        for above in path.parents:
            if above in self._rules:
                name = path.relative_to(above).as_posix() + "/" * folder
                ignored = self._rules[above].check_file(name).include
                if ignored is not None:
                    return ignored
            if above == self._root:
                break
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The files that one run looks at: those that match `include`, if any is given, and not `exclude`."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def pick(self, names: Iterable[str]) -> set[str]:
        """The names that are looked at; each is a path below the folder, with `/`.

        Raises: DocumentError for a pattern that cannot be read.
        """
        include = _compile(self.include or ("*",), where="--include")
        exclude = _compile(self.exclude, where="--exclude")
        return {name for name in names if include.match_file(name) and not exclude.match_file(name)}


EVERYTHING = Selection()


def _compile(patterns: Iterable[str], *, where: str) -> GitIgnoreSpec:
    patterns = list(patterns)
    for pattern in patterns:
        deep, wide = pattern.count("**"), max(part.replace("**", "").count("*") for part in pattern.split("/"))
        if max(deep, wide) > MOST_STARS and not pattern.startswith("#"):
            raise DocumentError(f"{where}: {shown(pattern)} has more than {MOST_STARS} stars. Divide it")
    try:
        return GitIgnoreSpec.from_lines(patterns)
    except ValueError as error:
        raise DocumentError(f"{where}: {error}. Patterns are written as in .gitignore") from error
