"""Where insight calls the engines: a ``Ground`` in, figures out.

Answers: how well can people reach a GP here (``access``), and what will be needed and
given in the years ahead (``projection``). No database; the caller stores the figures.
"""
