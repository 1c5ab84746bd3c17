"""Files and given texts → documents → sentences → passages, every one an exact slice of its document's text.

    files             every file of a folder as a Document, one reader per format
    selection         which files of a folder are taken: ignore files for good, patterns for one run
    formats/          the readers of PDF, Word, HTML and the like, each run in a process of its own
    dates             the date that a document gives itself
    markdown          front matter, headings and fenced code, by which whole lines are marked
    sentences         text → the spans of its sentences
    headers           the title that a passage is embedded under
    passages          documents → passages of whole sentences

Nothing is embedded or stored here.
"""
