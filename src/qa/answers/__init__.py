"""Findings → an Answer in the documents' own words or a language model's, with every sentence cited and checked.

    asking            the question, its history and its conditions, checked at the door
    courtesies        what is small talk, and a question without it
    small_talk        small talk → its reply, made by code from what is indexed
    wishes            what asks for an overview, and which documents it names
    overview          documents → an overview of one, or a line about each of several, made before any search
    telling           passages → what says most in them
    comparison        a question that sets two things side by side → what answers of each
    examples          documents → example questions that they answer
    questions         one sentence → the question that it answers
    extractive        the sentences that answer, verbatim, or an abstention
    reading           quotes → the words in which they are read, and how a document was understood
    chain             a question → an answer, with and without a language model, as one LangChain pipeline
    composer          the steps of the chain that need a language model
    prompts           prompt files → prompts
    context           the text that a language model reads: numbered sentences, within a budget
    draft             a model's stream → events, the Answer last
    reply             a model's words → those that a reader may see
    markers           citation markers as models write them: `[2.1]`
    citations         markers → the exact words they stand for, and their numbers
    short             what the reader found → the short answer as it is shown, whole
    statements        a model's reply → its sentences, items and rows as they stream in
    attribution       a statement → the sentences shown to the model that support it, and the verdict
    showing           judged statements → what a reader sees, and when
    support           does the cited text hold the sentence: by its wording
    facts             … by its numbers, dates, times and names
    claims            … by asking a language model
    quotes            cited quotes against the documents as they are now
    verification      exported answers against the index as it is now
    tabular           findings → an answer out of a table, and whether a computed statement still is what the rows say
    inquiry           … what a question asks of a table
    picking           … which rows and which column its words mean
    tallying          … the cell, the rows or the result that a table has for it
    computing         … what their cells amount to
    ledger            … the tables as they stand in the documents
    amounts           … what is written in a cell: exact numbers with units, days
    retriever         the search, the embedder and the index for the users of LangChain

Nothing is searched or stored here, and no setting is read.
"""
