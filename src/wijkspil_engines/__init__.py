"""Engines: computations that need neither Django nor a database.

Each package answers one question, has the same rooms (problem, solve, verify,
explain, csvio) and can be used alone by a researcher.
"""
