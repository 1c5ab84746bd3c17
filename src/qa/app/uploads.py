"""The folder of uploads, in step with the index: what a kill stops halfway, the next start finishes.

A file that is there and not indexed was being added; one named `.removed-…` was being removed, and one named
`.waiting-…` waits for a reader to say whether it is to take the place of a document that came from elsewhere.
"""

from __future__ import annotations

import re
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gradio.utils import get_upload_folder

from qa.app.safety import without_secrets
from qa.documents.files import READERS, read_document
from qa.errors import DocumentError, QAError, StoreMissingError
from qa.index.private import make_private
from qa.ingestion.ingest import OnProgress
from qa.types import Record

if TYPE_CHECKING:
    from qa.chatbot import Chatbot

_MOVING, _REMOVED, _WAITING = ".moving-", ".removed-", ".waiting-"
_LIBRARYS = re.compile(r"(?<=could not be read): .*", re.DOTALL)  # its own words, which say nothing to a reader
_DAY_S = 86_400  # after which nobody waits any more for a file that was sent and never added


class Uploads:
    """The files that were uploaded to a page."""

    def __init__(self, folder: Path, *, bot: Chatbot) -> None:
        self._folder = folder
        self._bot = bot
        self._incoming = Path(get_upload_folder()).resolve()

    def take(self, file: Path, progress: OnProgress) -> str | None:
        """Move an uploaded file in and index it; what is wrong with it, if anything, without its name.

        One with the name of a document that was not uploaded here waits for `replace`.
        """
        if not file.resolve().is_relative_to(self._incoming):
            return "was not uploaded here. Choose the file again"
        if file.name.startswith("."):  # as the names of what is half moved or half removed do
            file.unlink(missing_ok=True)
            return "is hidden by its dot. Rename it"
        kept, moving = self._folder / file.name, self._folder / f"{_MOVING}{file.name}"
        make_private(self._folder)
        try:
            read_document(file, root=file.parent)  # before it takes the place of a good one
            shutil.move(file, moving)  # it may come from another disk; it is there whole or not at all
            if any(record.id == file.name and record.root != str(self._folder) for record in self._bot.documents()):
                moving.replace(self._waiting(file.name))
                return "has the name of a document that is here already, from a folder"
            moving.replace(kept)
        except QAError as error:
            return _plain(str(error), name=file.name)
        except OSError as error:
            return f"cannot be kept: {error.strerror}. Make room, then choose the file again"
        finally:
            file.unlink(missing_ok=True)
            moving.unlink(missing_ok=True)
        return self._index(kept, progress)

    def waits(self, name: str) -> bool:
        """Whether a file of this name was uploaded and waits for `replace`."""
        return Path(name).name == name and self._waiting(name).is_file()

    def replace(self, name: str, progress: OnProgress) -> str | None:
        """Index the file that waits, in place of the document that has its name; what is wrong with it, if anything."""
        if not self.waits(name):
            return "waits no more. Choose the file again"
        with suppress(StoreMissingError):  # when somebody has removed it meanwhile
            self._bot.remove(name)
        kept = self._waiting(name).replace(self._folder / name)
        return self._index(kept, progress)

    def _index(self, kept: Path, progress: OnProgress) -> str | None:
        try:
            failed = [why for _, why in self._bot.ingest(kept, progress=progress).failed]
        except QAError as error:
            failed = [str(error)]
        if failed and kept.name not in self._indexed():
            kept.unlink(missing_ok=True)
        return _plain(failed[0], name=kept.name) if failed else None

    def _waiting(self, name: str) -> Path:
        return self._folder / f"{_WAITING}{name}"

    def remove(self, record: Record) -> None:
        """Forget a document, and its file if it was uploaded here. Raises: StoreError; both are still there then."""
        kept = self._folder / record.id
        aside = kept.with_name(f"{_REMOVED}{kept.name}")
        ours = record.root == str(self._folder) and kept.exists()
        if ours:
            kept.replace(aside)
        try:
            self._bot.remove(record.id)
        except QAError:
            if ours:
                aside.replace(kept)
            raise
        aside.unlink(missing_ok=True)

    def mend(self) -> None:
        """Finish what was stopped; what cannot be finished now, as while another process writes, waits."""
        with suppress(QAError, OSError):
            for left in (*self._folder.glob(f"{_MOVING}*"), *self._folder.glob(f"{_WAITING}*")):
                if left.stat().st_mtime < time.time() - _DAY_S:
                    left.unlink()
            for aside in self._folder.glob(f"{_REMOVED}*"):
                id = aside.name.removeprefix(_REMOVED)
                if id in self._indexed() and not (self._folder / id).exists():
                    self._bot.remove(id)
                aside.unlink()
            self._add_the_rest()

    def _add_the_rest(self) -> None:
        files = [each for each in self._folder.glob("*") if each.suffix.lower() in READERS and not each.is_symlink()]
        files = [each for each in files if each.is_file() and not each.name.startswith((_MOVING, _REMOVED, _WAITING))]
        if not files or self._bot.survey(*files).is_empty:
            return
        for path, _ in self._bot.ingest(*files).failed:
            file = Path(path)
            if file.name not in self._indexed():
                try:
                    read_document(file, root=file.parent)  # it may be only that another folder has one of its name
                except DocumentError:
                    file.unlink()

    def _indexed(self) -> set[str]:
        """The ids of the documents that were uploaded here."""
        return {record.id for record in self._bot.documents() if record.root == str(self._folder)}


def _plain(why: str, *, name: str) -> str:
    """What is wrong with a file in words for its reader, who sees its name before them."""
    said, _, _ = without_secrets(why).removeprefix(f"{name} ").partition(", for example with: ")
    return _LIBRARYS.sub(". Check that it opens, or convert it to text", said)
