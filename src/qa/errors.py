"""Every error this package raises on purpose, in one tree; catch `QAError` to catch them all.

QAError
├── SettingsError    a setting has a value that cannot work
├── QuestionError    the question, its history or its conditions are empty, too long or cannot be read
├── DocumentError    a file or folder cannot be read as a document
├── StoreError       the index cannot be opened, read or written
│   ├── StoreMissingError    a document is not in it
│   ├── StoreMismatchError   it was built with other settings or by another version
│   │   └── StoreNewerError      by a later one, so that it is neither read nor replaced
│   ├── StoreDamagedError    its files are damaged or missing
│   └── StoreBusyError       another process is writing to it
├── EmbeddingError   the embedding model is missing, damaged or failed
├── ModelError       the language model could not be reached or did not answer
├── PromptError      a prompt file is missing or has the wrong fields
└── SuiteError       an evaluation suite, case or run is malformed

A message says what happened, shows the value, and gives the next command.
"Not in the documents" is no error: it is `Answer.abstained`.
"""

import re

SHOWN_CHARS = 100
_CREDENTIALS = re.compile(r"(?s)(?<=://)[^/?#]*@|[?#].*")
_KEY = re.compile(
    r"\b(?:(?i:bearer)\s+\S+|(?:sk|pk|rk|key|tok|gsk|xai|lsv2|hf|ghp|xox[a-z])[-_][\w*.-]{8,}|AIza[\w-]{20,})|(?<=://)[^/\s@]+(?=@)"
)


def shown(value: object) -> str:
    """A value as a message shows it: a text in quotation marks, shortened; of anything else only what it is."""
    if not isinstance(value, str):
        return f"a value of type {type(value).__name__:.{SHOWN_CHARS}}"
    return repr(value) if len(value) <= SHOWN_CHARS else f"{value[:SHOWN_CHARS]!r} …"


def bare_address(address: str) -> str:
    """An address without its user, password and query, which may hold a key."""
    return _CREDENTIALS.sub("", address)


def without_keys(text: str) -> str:
    """The text with all that looks like a key, or like the credentials in an address, struck out."""
    return _KEY.sub("•••", text)


class QAError(Exception):
    """The root of every error that this package raises on purpose."""


class SettingsError(QAError):
    """A setting has a value that cannot work."""


class QuestionError(QAError):
    """The question is empty or too long, or its conditions cannot be read."""


class DocumentError(QAError):
    """A file or folder cannot be read as a document."""


class StoreError(QAError):
    """The index cannot be opened, read or written."""


class StoreMissingError(StoreError):
    """A document is not in the index."""


class StoreMismatchError(StoreError):
    """The index was built with other settings, or by another version of this package."""


class StoreNewerError(StoreMismatchError):
    """The index was built by a later version of this package."""


class StoreDamagedError(StoreError):
    """The files of the index are damaged or missing."""


class StoreBusyError(StoreError):
    """Another process is writing to the index."""


class EmbeddingError(QAError):
    """The embedding model is missing, damaged or failed."""


class ModelError(QAError):
    """The language model could not be reached or did not answer."""


class PromptError(QAError):
    """A prompt file is missing or has the wrong fields."""


class SuiteError(QAError):
    """An evaluation suite, case or run is malformed."""
