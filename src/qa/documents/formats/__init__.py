"""The formats whose text must be extracted: one module per family, each run in a process of its own.

`extraction.py` starts that process and `__main__.py` is it. Which libraries were tried, and why
these: docs/formats.md. A library is imported by its own module only, so a missing one costs one format.
"""
