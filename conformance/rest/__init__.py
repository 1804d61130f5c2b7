"""Proofs of the REST interface at ``/api/v1``."""
