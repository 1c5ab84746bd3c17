"""Which formats there are, by suffix."""

from __future__ import annotations

from collections.abc import Mapping

# The module and the function that read each format: a library is loaded only when it is needed.
EXTRACTED: Mapping[str, str] = {
    **dict.fromkeys((".html", ".htm", ".xhtml"), "web:read_html"),
    ".pdf": "pdf:read_pdf",
    ".docx": "word:read_docx",
    ".pptx": "slides:read_pptx",
    **dict.fromkeys((".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"), "sheets:read_workbook"),
    **dict.fromkeys((".csv", ".tsv"), "tables:read_csv"),
    ".json": "objects:read_json",
    **dict.fromkeys((".jsonl", ".ndjson"), "objects:read_json_lines"),
    ".eml": "mail:read_mail",
    ".epub": "books:read_epub",
}

# Read as text, unchanged.
SOURCE_CODE = tuple(
    f".{suffix}"
    for suffix in """
    adoc asm awk bash bat bib c cc cfg clj cljs cmake conf cpp cs css cxx dart diff elm erl ex exs f90 fish fs go
    gradle graphql groovy h hh hpp hs ini java jl js jsx kt kts less lisp log lua m mjs mk ml mm nim org patch php pl
    pm proto ps1 py pyi r rb rs rst s scala scss sh sol sql svelte swift tex tf toml ts tsx vb vue xml xsd xsl yaml
    yml zig zsh""".split()  # noqa: SIM905  # legible as prose, not as a list
)
