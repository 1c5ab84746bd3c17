"""Findings → an Answer in the documents' own words or a language model's, with every sentence cited and checked.

    asking            the question, its history and its conditions, checked at the door
    chain             a question → an answer, with and without a language model, as one LangChain pipeline
    replies/          what is said without a search: small talk, an overview of a document, examples
    extractive        the sentences that answer, verbatim, or an abstention
    conflicts         what other documents give instead of the short answer, beside it
    refusing          what does not answer → why not, what to try, and what comes near
    tables/           an answer out of a table: a cell, a row, or what its rows amount to
    assembly          what answers each part of a question → one answer, with what is missing of it named
    comparison        a question that sets two things side by side → what answers of each
    short             what the reader found → the short answer as it is shown, whole
    reading           quotes → the words in which they are read, and how a document was understood
    drafting/         a language model's answer: shown what was found, cited and checked as it streams
    stages            how far an answer has come, told while it is made
    prompts           prompt files → prompts
    support           does the cited text hold the sentence: by its wording
    facts             … by its numbers, dates, times and names
    quotes            cited quotes against the documents as they are now
    verification      exported answers against the index as it is now
    retriever         the search, the embedder and the index for the users of LangChain

Nothing is searched or stored here, and no setting is read.
"""
