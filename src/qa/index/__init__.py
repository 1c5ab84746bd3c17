"""Passages in Chroma and the caches beside them: read, searched, changed, checked, and who may do so.

    locations         the kinds of place where an index may be
    chroma            a location → a Chroma client
    failures          Chroma's errors → ours, which say what to do
    deadlines         how long a Chroma server is waited for
    connection        an open index, followed when other processes write: client, manifest, collections
    store             the index as it is read: passages, records, dense and lexical search
    rows              what Chroma keeps ↔ our values
    writer            the index as it is written, so that no reader ever sees half a document
    locks             the right to write, for one process at a time
    lexical           the word index (BM25), a cache on disk
    sentence_vectors  a vector for every sentence, a cache on disk
    conditions        `date>=2021-07` → the documents a question is answered from, and a search among those only
    segments          whether the files of Chroma's vector index are whole
    copies            a private copy of an index that cannot be written to
    private           folders and files that only this user may open

No passage is ranked here beyond Chroma's distance and BM25, and no file of the user's is read.
"""
