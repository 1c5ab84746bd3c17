"""A mail → its headers, its text and the names of what is attached."""

from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from pathlib import Path

from qa.documents.formats.content import Content, Writing, decode, one_line, tidy
from qa.documents.formats.web import html_content
from qa.documents.plain import find_marks
from qa.words import words

HEADERS = ("From", "To", "Cc", "Date", "Subject")

# Of the words of a plain text that stands for the same page, how many the page has, and how much shorter it may be.
SAME_WORDS = 0.5
SHORTER = 3


def read_mail(path: Path) -> Content:
    """A message; its plain text rather than its HTML, where it says the same. Attachments are named, not read."""
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    writing = Writing()
    for name in HEADERS:
        if message[name]:
            writing.add(f"{name}: {one_line(str(message[name]))}", "pair")
    body = _body(message)
    writing.add_marked(body.text, body.marks)
    names = [one_line(part.get_filename() or part.get_content_type()) for part in message.iter_attachments()]
    if names:
        writing.add(f"Attached: {', '.join(names)}", "pair")
    return writing.content(
        title=one_line(str(message["Subject"] or "")) or None, dates=(one_line(str(message["Date"] or "")),)
    )


def _body(message: EmailMessage) -> Content:
    plain, page = (message.get_body(preferencelist=(kind,)) for kind in ("plain", "html"))
    text = tidy(_text(plain)).strip() if plain else ""
    if page is not None:
        shown = html_content(_text(page))
        if shown.text and not _says_the_same(text, shown.text):
            return shown
    return Content(text=text, marks=tuple(find_marks(text)))


def _says_the_same(text: str, page: str) -> bool:
    """Whether a plain text stands for the page beside it; "This mail needs a reader of HTML" does not."""
    said, shown = words(text), words(page)
    known = set(shown)
    shared = sum(word in known for word in said)
    return bool(said) and shared >= SAME_WORDS * len(said) and len(said) * SHORTER >= len(shown)


def _text(part: MIMEPart) -> str:
    """The text of a part in the encoding that it names, where there is one and it is that."""
    read = part.get_payload(decode=True)
    return decode(read, part.get_content_charset() or "utf-8") if isinstance(read, bytes) else ""
