"""Where does care fall short in the years ahead, and how sure is that?

Need against capacity per area and year, with its uncertainty. The method is told in
``docs/algorithms/projection.md``. Reads no clock and no database, changes no input.
"""
