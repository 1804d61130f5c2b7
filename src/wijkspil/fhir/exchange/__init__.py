"""The exchange of requests in FHIR: ServiceRequest, Task, Patient, Consent, and more.

Only translates; every rule lives in the services of referrals. Inside it:
interactions > services > selectors > mapping > types.
"""
