"""Which fields hold data of persons, declared per table.

Every text field of every table of ours is classified here as personal or not; a test
fails on a field that is in neither list. ``docs/reference/personal-data.md`` is made
from this.
"""

#: table -> {field: why it is kept}
PERSONAL_FIELDS: dict[str, dict[str, str]] = {
    "accounts.User": {
        "email": "sign-in name of a professional",
        "name": "shown to colleagues",
        "password": "hash, to sign in",
        "last_login": "to end unused accounts",
    },
    "core.AuditEvent": {
        "actor": "who read or changed personal data (NEN 7513)",
        "actor_label": "the same, readable when the account is gone",
    },
    "core.IdempotencyRecord": {
        "response_body": "answer to a system's write, which may name a person; kept "
        "for a day, in case the write is sent again",
    },
    "directory.ContactPoint": {
        "person_name": "function holder, for professionals",
        "value": "number or address; may be a personal one",
    },
    "directory.DutyPeriod": {
        "person_name": "who is on duty, for professionals; every view is logged",
        "phone": "how to reach the person on duty",
    },
    "directory.CapacityReport": {
        "reported_by": "who is answerable for the report",
        "reporter_label": "the same, in words",
    },
    "directory.Alliance": {
        "complex_care_name": "contact for complex care, for professionals",
        "complex_care_phone": "how to reach that contact",
    },
}
