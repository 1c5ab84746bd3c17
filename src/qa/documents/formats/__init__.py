"""The formats whose text must be extracted: one module per family, each run in a process of its own.

`extraction.py` starts that process and `__main__.py` is it. Which libraries were tried, and why
these: docs/formats.md. A library is imported by its own module only, so a missing one costs one format.

    content · archives · suffixes        what every reader hands over · zip archives · which format has which reader
    web · markup · nodes · lists         a page's characters and what is seen of it · its blocks · its nodes · its items
    word · word_numbers                  Word by way of HTML · the numbers that Word shows
    slides · mail · books                PowerPoint · .eml · EPUB
    pdf · _lines · _blocks · _running    PDF · lines and form values · paragraphs and tables · headers and footers
    tables · grid · sheets · numbers     CSV and rows of cells · what each row is · workbooks · their number formats
    pdf_places                           where a PDF prints its words, and pictures of its pages
    objects                              JSON
"""
