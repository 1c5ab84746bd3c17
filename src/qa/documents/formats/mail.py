"""A mail → its headers, its text and the names of what is attached."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from qa.documents.formats.content import Content, one_line, tidy
from qa.documents.formats.web import html_content

HEADERS = ("From", "To", "Cc", "Date", "Subject")


def read_mail(path: Path) -> Content:
    """A message; its plain text rather than its HTML, where it has both. Attachments are named, not read."""
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    headers = [f"{name}: {one_line(str(message[name]))}" for name in HEADERS if message[name]]
    names = [one_line(part.get_filename() or part.get_content_type()) for part in message.iter_attachments()]
    attached = [f"Attached: {', '.join(names)}"] if names else []
    blocks = ["\n\n".join(headers), _body(message), *attached]
    return Content(
        text="\n\n".join(filter(None, blocks)),
        title=one_line(str(message["Subject"] or "")) or None,
        dates=(one_line(str(message["Date"] or "")),),
    )


def _body(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    text = str(part.get_content())
    return html_content(text).text if part.get_content_subtype() == "html" else tidy(text).strip()
