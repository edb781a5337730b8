"""Text files of the package, or of a folder."""

from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable

__all__ = ["Folder"]


class Folder:
    """A folder of text files, wherever it is installed."""

    def __init__(self, root: Traversable) -> None:
        self._root = root

    @classmethod
    def of_package(cls, name: str) -> "Folder":
        """A folder of this package."""
        return cls(resources.files("skillsync_notifications") / name)

    def files(self, suffix: str) -> Iterator[tuple[str, str]]:
        """The stem and text of each file whose name ends so, in the order of their names."""
        for file in sorted(self._root.iterdir(), key=lambda file: file.name):
            if file.is_file() and file.name.endswith(suffix):
                yield file.name.removesuffix(suffix), file.read_text("utf-8")

    def text(self, name: str) -> str:
        """The text of one file."""
        return (self._root / name).read_text("utf-8")
