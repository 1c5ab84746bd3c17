"""The process that reads one file: `python -m qa.documents.formats FILE BYTES SECONDS` prints its text as JSON.

With `places` after it, the places of a PDF's text on its pages; with `page` and [NUMBER, RANGES], a picture of one.
"""

import json
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from qa.documents.formats.content import Content, refuse_long
from qa.documents.formats.extraction import EXTRACTED
from qa.errors import DocumentError


def main(path: Path, task: Sequence[str] = (), *, memory_bytes: int, processor_s: int) -> None:
    """Print the content of a file, or what else is wanted of it, or what is wrong with it, within these limits."""
    _limit(memory_bytes, processor_s)
    try:
        print(_look(path, *task) if task else read(path).to_json())
    except DocumentError as error:
        print(json.dumps({"error": str(error)}))


def read(path: Path) -> Content:
    """The content of a file, found by the reader of its format in this process.

    Raises: DocumentError when the format's library is not installed, or the text is too long.
    """
    module, function = EXTRACTED[path.suffix.lower()].split(":")
    reader: Callable[[Path], Content]
    try:
        reader = getattr(import_module(f"qa.documents.formats.{module}"), function)
        content = reader(path)
    except ModuleNotFoundError as error:
        raise DocumentError(
            f"{path} could not be read: it needs the library {error.name}. Run: pip install 'qa[formats]'"
        ) from error
    refuse_long(content.text, path)
    return content


def _look(path: Path, what: str, where: str = "") -> str:
    from qa.documents.formats import pdf_places

    return pdf_places.find_places(path) if what == "places" else pdf_places.draw_page(path, *json.loads(where))


def _limit(memory_bytes: int, processor_s: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    if sys.platform == "linux":  # macOS has the name, but does not keep to it
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (processor_s, processor_s + 1))  # SIGXCPU first, which says why
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[4:], memory_bytes=int(sys.argv[2]), processor_s=int(sys.argv[3]))
