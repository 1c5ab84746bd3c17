"""Folders ↔ the index: what changed, brought in step, on this machine or on a cluster, and whether all is whole.

    changes           a folder against the records of what is indexed
    ingest            files → the index: new and changed ones in, gone ones out
    cluster           the same on many machines, as a Ray Data job
    checkup           is every document in the index whole and in step with its file

How a file is read, split, embedded or stored is known in the other wings.
"""
