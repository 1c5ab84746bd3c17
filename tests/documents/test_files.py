"""Files become documents unchanged, and a file that cannot says which and why."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from qa.documents.files import find_documents, read_document
from qa.errors import DocumentError

SEED = Path(__file__).parents[2] / "seeds" / "000_de3963733ae000a1.txt"


def write(path: Path, content: str | bytes = "Some text.\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def ids(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in find_documents(root)]


def test_the_text_of_a_file_is_its_decoded_content_unchanged() -> None:
    document = read_document(SEED, root=SEED.parent)
    assert document.text.encode() == SEED.read_bytes()
    assert (document.id, document.title, document.pages) == (SEED.name, SEED.stem, ())


def test_line_ends_stay_and_only_the_byte_order_mark_goes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", b"\xef\xbb\xbf one\r\ntwo\rthree\n\xef\xbb\xbf")
    assert read_document(path, root=tmp_path).text == " one\r\ntwo\rthree\n\ufeff"


def test_an_id_is_the_path_below_the_root_and_the_name_when_the_root_is_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "b" / "deep file.txt")
    assert read_document(path, root=tmp_path).id == "b/deep file.txt"
    assert read_document(path, root=path).id == "deep file.txt"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Intro.\n\n## The *title* ##\n\n# Later\n", "The *title*"),
        ("#COAS is no heading\n\n# C#\n", "C#"),
        ("The title\r\n=========\r\n\r\nText.", "The title"),
        ("X\n--\n", "X"),
        ("---\nauthor: A\ntitle: 'From the front'\n---\n# Heading\n", "From the front"),
        ("---\nauthor: A\n---\n# Heading\n", "Heading"),
        ("```sh\n# a comment\n```\n# Heading\n", "Heading"),
        ("| a | b |\n|---|---|\n", "name"),
        ("# One # two #  \n", "One # two"),
        ("# Ends in C#\r\n", "Ends in C#"),
        ("---\ntitle: It's 'so'  \r\n---\n", "It's 'so'"),
        ('---\ntitle:   \ntitle: "a"\n---\n', "a"),
        ("---\ntitle: 'open\n---\n", "'open"),
        ("No heading at all.\n\n---\n", "name"),
        ("\n---\ntitle: Below a blank line\n---\n# Heading\n", "Below a blank line"),
        ("~~~sh\n# a comment\n```\n# another\n~~~\n# Heading\n", "Heading"),
        ("```sh\n# a comment\n```sh\n# another\n```\n# Heading\n", "Heading"),
        ("> quoted\n---\n* an item\n---\n# Heading\n", "Heading"),
        ("#\n# Heading\n", "Heading"),
    ],
)
def test_markdown_takes_its_title_from_the_front_matter_or_the_first_heading(
    tmp_path: Path, text: str, title: str
) -> None:
    assert read_document(write(tmp_path / "name.md", text), root=tmp_path).title == title


def test_a_title_is_found_in_linear_time_and_kept_short(tmp_path: Path) -> None:
    hostile = "a" + " " * 200_000 + "b\n" + "```x\n```\n" * 50_000 + "# c" + " #" * 100_000 + "\n"
    assert read_document(write(tmp_path / "a.md", hostile), root=tmp_path).title == ("c" + " #" * 100)[:200]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04\0\0", "looks binary: byte 4 is zero. Save it as UTF-8 text, or leave it out"),
        (b"", "holds no text. Remove it, or fill it"),
        (b" \r\n\t\n", "holds no text. Remove it, or fill it"),
    ],
)
def test_a_file_that_is_no_text_is_named_with_the_byte_and_the_next_step(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = write(tmp_path / "bad.txt", content)
    with pytest.raises(DocumentError, match=f"^{re.escape(f'{path} {message}')}$"):
        read_document(path, root=tmp_path)


def test_a_text_that_is_not_utf_8_is_read_in_the_encoding_that_fits(tmp_path: Path) -> None:
    for text, encoding in (("café – so", "cp1252"), ("Дом в саду", "cp1251"), ("東京の駅", "cp932")):
        assert read_document(write(tmp_path / "a.txt", text.encode(encoding)), root=tmp_path).text == text


def test_a_file_that_went_away_or_has_no_reader_is_a_document_error(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"gone\.txt cannot be read: No such file"):
        read_document(tmp_path / "gone.txt", root=tmp_path)
    with pytest.raises(DocumentError, match=r"a\.xyz is not of a format that can be read: text, Markdown"):
        read_document(write(tmp_path / "a.xyz"), root=tmp_path)


@pytest.mark.parametrize("name", [b"two\nlines.txt", b"\xff\xfe.txt", b"bell\x07.txt", b"\xe2\x80\xa8.txt"])
def test_a_name_that_cannot_be_shown_is_found_and_refused(tmp_path: Path, name: bytes) -> None:
    write(Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))))  # noqa: PTH118 - the name is bytes
    (path,) = find_documents(tmp_path)
    with pytest.raises(DocumentError, match="control or undecodable characters") as caught:
        read_document(path, root=tmp_path)
    assert str(caught.value).isprintable()


def test_a_folder_gives_its_readable_files_in_the_order_of_their_ids(tmp_path: Path) -> None:
    for name in (
        "b.txt",
        "a/z.md",
        "a.TXT",
        "a/b/c.markdown",
        "d.text",
        "x.exe",
        ".hidden.txt",
        ".git/e.txt",
        "a/.f/g.txt",
    ):
        write(tmp_path / name)
    assert ids(tmp_path) == ["a.TXT", "a/b/c.markdown", "a/z.md", "b.txt", "d.text"]


def test_one_file_gives_itself_even_when_hidden(tmp_path: Path) -> None:
    path = write(tmp_path / ".notes.txt")
    assert find_documents(path) == [path]


def test_no_link_leads_out_of_the_folder_or_round_in_it(tmp_path: Path) -> None:
    secret = write(tmp_path / "outside" / "secret.txt")
    root = tmp_path / "root"
    write(root / "own.txt")
    (root / "secret.txt").symlink_to(secret)
    (root / "outside").symlink_to(secret.parent)
    (root / "loop").symlink_to(root)
    (root / "self.txt").symlink_to(root / "self.txt")
    (root / "broken.txt").symlink_to(root / "nothing.txt")
    (root / "alias.txt").symlink_to(root / "own.txt")
    assert ids(root) == ["alias.txt", "own.txt"]


def test_a_folder_that_is_itself_a_link_is_read(tmp_path: Path) -> None:
    write(tmp_path / "real" / "a.txt")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert ids(tmp_path / "link") == ["a.txt"]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    write(tmp_path / "a.txt")
    assert ids(tmp_path) == ["a.txt"]


def test_nothing_to_read_is_an_error_that_names_the_place_and_the_formats(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"missing' does not exist\. Give a file or a folder"):
        find_documents(tmp_path / "missing")
    with pytest.raises(DocumentError, match=r"holds no file of a format that can be read: text, Markdown"):
        find_documents(tmp_path)
    with pytest.raises(DocumentError, match=r"a\.xyz' is not of a format that can be read"):
        find_documents(write(tmp_path / "a.xyz"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list every folder")
def test_a_folder_that_may_not_be_listed_is_an_error_and_never_looks_empty(tmp_path: Path) -> None:
    locked = write(tmp_path / "locked" / "a.txt").parent
    write(tmp_path / "b.txt")
    locked.chmod(0)
    try:
        with pytest.raises(DocumentError, match="cannot be listed: Permission denied"):
            find_documents(tmp_path)
    finally:
        locked.chmod(0o700)
