"""A question → the passages that answer it, best first, and how sure it is that they do: Findings.

    followup          a question that leans on the conversation → a query that stands alone
    parts             a question that asks several things → a query for each, and what was found for all as one
    retrieval         a query → Findings: two rankings fused, the best passages read, ranked again
    identifiers       the codes and file names in a query, and where the documents have them
    spelling          the words of a query that are spelt wrongly, as the documents spell them
    quoting           which units may answer, and as what each is quoted
    punctuation       a passage → the text that the reader reads, lists and tables like sentences
    features          what was found of a unit → numbers that say how well it answers
    mismatch          signs that a sentence worded like the question does not answer it
    directions        which way a text says something goes: risen or fallen, done or not
    languages         which language a text is in
    weights           the measured numbers by which all this is weighed
    confidence        how sure it is that the hits hold the answer

Neither Chroma nor a language model is known here: an index is whatever can be searched.
"""
