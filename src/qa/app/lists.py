"""The lists of the side bar, the header and the progress bar, as HTML in which all foreign text is inert."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from qa.app.export import FORMATS
from qa.app.history import Summary
from qa.app.links import Reference, link
from qa.app.render import inert
from qa.types import Record

SHOWN = 50  # documents on one page of their list
_CLOSE = '<button type="button" data-do="close" aria-label="Close this report">×</button>'


def documents_html(
    records: Sequence[Record],
    *,
    total: int,
    page: int = 1,
    picked: Collection[str] = (),
    read_only: bool = False,
    folders: bool = False,
) -> str:
    """A page of the documents that were found, of `total`: each to tick, to open, and to remove unless `read_only`.

    In order of their `folders`, each folder is named above what it holds, and can be pressed to list that alone.
    """
    if not total:
        return f'<p class="empty">Nothing is indexed yet.{"" if read_only else " Add a file below."}</p>'
    if not records:
        return f'<p class="empty" role="status">None of {total:,} documents has these words in its name.</p>'
    pages = -(-len(records) // SHOWN)
    page = min(page, pages)
    first = (page - 1) * SHOWN
    shown = records[first : first + SHOWN]
    rows, held = "", Counter(map(folder, records))
    for before, each in zip((None, *shown), shown, strict=False):
        above = folder(each)
        if folders and (before is None or folder(before) != above):
            rows += (
                f'<li class="folder"><button type="button" data-find="{inert(above)}">'
                f"{inert(above) or 'In no folder'} · {held[above]:,}</button></li>"
            )
        rows += _document(each, ticked=each.id in picked, read_only=read_only)
    only = '<button type="button" data-do="only">Only these</button>' if len(records) < total else ""
    span = f"{first + 1:,}–{first + len(shown):,} of {len(records):,}"
    return (
        f'<p class="found"><span role="status">{span}</span>{only}</p>'
        f'<ul class="list">{rows}</ul>{_turning(page, pages=pages) if pages > 1 else ""}'
    )


def history_html(summaries: Sequence[Summary], *, current: str = "", find: str = "") -> str:
    """The conversations that were found, the latest first, each to open, to rename or to delete.

    The `current` one, if there is any yet, can be kept as a file.
    """
    rows = "".join(_conversation(each, current=each.id == current) for each in summaries)
    if not rows and not find.strip():
        return '<p class="empty">Your conversations will be listed here.</p>'
    rests = "" if current else " disabled"
    saves = "".join(
        f'<button type="button" data-do="export" data-id="{ending}"{rests}>{name}</button>'
        for ending, (name, *_) in FORMATS.items()
    )
    found = f'<ul class="list">{rows}</ul>' if rows else '<p class="empty none" role="status">None has these words.</p>'
    return f'{found}<div class="export" role="group" aria-label="Save this conversation">Save as {saves}</div>'


def undo_html(title: str) -> str:
    """What is said of a conversation that was deleted, with the way to have it back."""
    undo = '<button type="button" data-do="undo">Undo</button>'
    return f'<div class="report" role="status">{_CLOSE}<p>“{inert(title)}” was deleted. {undo}</p></div>'


def header_html(*, documents: int, model: str, place: str) -> str:
    """The header: the number of documents, the model that answers, and where it runs."""
    return (
        f'<h1>Ask your documents</h1><p><span class="count">{counted(documents, "document")}</span> '
        f'<span class="model">{inert(model)} · {inert(place)}</span></p>'
    )


def progress_html(*, name: str, done: int, total: int, passages: int = 0, waiting: int = 0) -> str:
    """A bar that is as full as `done` files of `total`, and the passages embedded of the one that is worked on."""
    inside = passages / (passages + waiting) if passages else 0
    percent = int(100 * (done + inside) / total)
    far = f"{passages:,}/{passages + waiting:,} passages" if waiting else f"{done}/{total}"
    return (
        f'<div class="progress"><p><span>{inert(name)}</span><span>{far}</span></p>'
        f'<progress max="100" value="{percent}" aria-label="{inert(name)}">{percent} %</progress></div>'
    )


def report_html(*, done: str, failed: Sequence[tuple[str, str]], waits: Callable[[str], bool] = lambda _: False) -> str:
    """The outcome of an upload, to be closed: one line for what went well, one for each file that did not.

    A file that `waits` to take the place of another can be let in.
    """
    lines = [f'<p class="good">{inert(done)}</p>'] if done else []
    for name, why in failed:
        let = f' <button type="button" data-do="replace" data-id="{inert(name)}">Replace it</button>'
        lines.append(f'<p class="bad"><b>{inert(name)}</b> {inert(why)}{"." + let if waits(name) else ""}</p>')
    return f'<div class="report" role="status">{_CLOSE}{"".join(lines)}</div>' if lines else ""


def _turning(page: int, *, pages: int) -> str:
    steps = (
        f'<button type="button" data-do="turn" data-id="{to}" aria-label="{name}"'
        f"{'' if 1 <= to <= pages else ' disabled'}>{sign}</button>"
        for to, name, sign in ((page - 1, "Documents before these", "‹"), (page + 1, "Documents after these", "›"))
    )
    return f'<nav aria-label="Pages of documents">{f"<span>{page:,} / {pages:,}</span>".join(steps)}</nav>'


def counted(count: int, what: str) -> str:
    """A number of things in words: `1 document`, `1,200 documents`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def kind(record: Record) -> str:
    """What a document is, by the ending of its name: `PDF`; empty without one."""
    return Path(record.id).suffix.removeprefix(".").upper()


def folder(record: Record) -> str:
    """The folders that a document lies in, below the one that was ingested: `reports/2025/`; empty in that itself."""
    return "".join(record.id.rpartition("/")[:2])


def _sized(size: float) -> str:
    """The bytes of a file for people: `812 kB`; empty where they are not known."""
    power = 0
    while size >= 999.5 and power < 3:
        size, power = size / 1000, power + 1
    return f"{size:.3g} {('bytes', 'kB', 'MB', 'GB')[power]}" if size else ""


def _document(record: Record, *, ticked: bool, read_only: bool) -> str:
    title = inert(record.title)
    address = link(Reference(document=record.id, version=record.version))
    count = counted(record.passages, "passage")
    remove = (
        f'<button type="button" data-do="remove" data-id="{inert(record.id)}" data-name="{title}"'
        f' data-count="{count}" aria-label="Remove {title}">×</button>'
    )
    tick = (
        f'<input type="checkbox" data-pick="{inert(record.id)}" aria-label="Ask {title}"{" checked" if ticked else ""}>'
    )
    about = inert(" · ".join(filter(None, (kind(record), record.date, _sized(record.size)))))
    return (
        f'<li>{tick}<a href="{address}" title="{inert(record.id)} · {count}">'
        f"<span>{title}</span><small>{about}</small></a>{'' if read_only else remove}</li>"
    )


def _conversation(summary: Summary, *, current: bool) -> str:
    title = inert(summary.title)
    mark = ' aria-current="true"' if current else ""
    does = f'type="button" data-id="{summary.id}" data-do'
    return (
        f'<li><button {does}="open" class="name" title="{title}"{mark}>{title}</button>'
        f'<button {does}="rename" data-name="{title}" aria-label="Rename {title}">✎</button>'
        f'<button {does}="forget" aria-label="Delete {title}">×</button></li>'
    )
