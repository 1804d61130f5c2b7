"""Does the product do what its interfaces promise, by the tools of others?

``make conformance`` (``python -m conformance [GROUP ...]``) serves the product on an
invented region and lets other people's tools judge it; the dated report is
``docs/reference/conformance.md``. A small form of each proof runs in the tests.

Each folder here is a group, and each module in it with a function ``prove`` is one
proof: it takes the ``Stage`` (what is served, and where) and returns one ``Outcome``
or several. To add a proof, add a module; nothing else has to know of it.
"""
