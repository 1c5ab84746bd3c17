"""How good the answers are: suites of questions, runs over them, figures with intervals, comparisons, reports.

How answers are made is not known here: a system under test is anything that can `ask` and `search`.
"""
