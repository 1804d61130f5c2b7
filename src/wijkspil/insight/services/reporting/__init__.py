"""The report of a region: text, drawings and tables made from a ``Picture``.

``contents.make_report`` decides what it says, ``writing`` makes HTML and PDF of it. No
sentence without a figure: every claim names the figures it was made from.
"""
