"""The formats whose text must be extracted: one module per family, each run in a process of its own.

`extraction.py` names each format's reader and starts that process; `__main__.py` is it. Which libraries were tried, and
why these: docs/formats.md. A library is imported by its own module only, so a missing one costs one format.

    content · archives                   what every reader hands over · zip archives
    web · markup · nodes                 a page's characters and what is seen of it · its blocks · its nodes
    word · word_numbers                  Word by way of HTML · the numbers that Word shows
    slides · mail · books                PowerPoint · .eml · EPUB
    pdf · _lines · _blocks               PDF, headers and footers · lines and form values · paragraphs and tables
    tables · grid · sheets · numbers     CSV and rows of cells · what each row is · workbooks · their number formats
    pdf_places                           where a PDF prints its words, and pictures of its pages
    objects                              JSON
"""
