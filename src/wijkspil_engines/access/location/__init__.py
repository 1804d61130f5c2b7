"""Where to open next: p-median, maximal cover, and equal access for the worst off.

The methods are told in ``docs/algorithms/locations.md``. Plain arrays in and out; reads
no clock but a stopwatch and no database, changes no input.
"""
