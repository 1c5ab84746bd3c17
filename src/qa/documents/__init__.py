"""Files and given texts → documents → units → passages, every one an exact slice of its document's text.

    files             every file of a folder as a Document, one reader per format
    selection         which files of a folder are taken: ignore files for good, patterns for one run
    formats/          the readers of PDF, Word, HTML and the like, each run in a process of its own
    dates             the date that a document gives itself
    marks             what the lines of a text are: prose, items, rows, code, headings, front matter
    commonmark        Markdown → marks, with a parser
    source            source code and settings → marks
    plain             a text of which only the lines are known → marks, with these four:
    titles            which line of it is a heading that nobody marked
    columns           its tables, whose cells stand apart by bars, tabs or spaces
    heads             which rows of any table name its columns
    paragraphs        its prose, "Key: value" lines, questions and answers
    markdown          front matter with its fields, and the words of a heading
    sentences         text → the spans of its sentences
    units             marks → units: what is scored and quoted, and what each part hangs on
    headers           the title and the headings that a passage is embedded under
    passages          documents → passages of whole units

Nothing is embedded or stored here.
"""
