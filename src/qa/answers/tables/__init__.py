"""Findings → an answer out of a table, exact and with every row that it rests on.

    tabular           findings → the answer, and whether a computed statement still is what the rows say
    inquiry           what a question asks of a table
    picking           which rows and which column its words mean
    tallying          the cell, the rows or the result that a table has for it
    computing         what their cells amount to
    ledger            the tables as they stand in the documents
    amounts           what is written in a cell: exact numbers with units, days

Nothing is searched here.
"""
