"""Tell other systems of changes: FHIR Subscriptions (R4, and the R4 backport of R5)."""
