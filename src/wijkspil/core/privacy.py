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
    "communications.Communication": {
        "to_user": "whom the message is for",
        "read_by": "who read it first",
    },
    "communications.Delivery": {
        "to_user": "whom it is e-mailed or texted to",
        "to_address": "sealed; of who has no account, until the message has gone",
    },
    "communications.ContactChoice": {
        "email": "which messages the person wants by e-mail; no address",
        "text_number": "to text the person what cannot wait; typed by that person",
    },
    "fhir.Subscription": {"owner_label": "which system asked to be told"},
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
        "external_uid": "number in the provider's calendar; may hold an address",
    },
    "directory.DutyCalendar": {
        "owner": "whose calendar program reads the duties",
        "digest": "to know the private address again, without keeping it",
        "person_name": "whose duties are in it",
        "with_phone": "whether their numbers are in it",
    },
    "directory.CapacityReport": {
        "reported_by": "who is answerable for the report",
        "reporter_label": "the same, in words",
    },
    "directory.Alliance": {
        "complex_care_name": "contact for complex care, for professionals",
        "complex_care_phone": "how to reach that contact",
    },
    "fhir.StagedPatient": {
        "versions": "sealed; the client of a request that is about to be sent; a day "
        "at most",
        "keys": "to find it by its identifier, without keeping that readable",
    },
    "fhir.PlacedIdentifier": {
        "value": "number of the order at who asked, so that it finds its request; "
        "there it leads to a person; removed with who the client is",
    },
    "registrations.PracticeList": {
        "published_by": "who is answerable for what the list says",
        "publisher_name": "the same, in words",
    },
    "registrations.Wish": {
        "postcode": "to find practices near the household; a PC4 after identity goes",
        "contact": "sealed; to tell the household of a proposal",
        "helper": "who wrote the wish down at a desk, to follow it",
    },
    "registrations.WishMember": {
        "identity": "sealed; name and birth date, for the practice that takes them",
        "key": "to see, without reading it, that nobody is in two wishes at once",
        "consent": "whether this person agreed to move along",
    },
    "registrations.WishLink": {
        "digest": "to know the private link again, without keeping it",
        "code_hash": "to check the code that came with the link",
    },
    "registrations.MemberLink": {
        "digest": "to know the private link again, without keeping it",
        "code_hash": "to check the code that came with the link",
    },
    "registrations.WishEvent": {
        "actor": "who did it, for the household",
        "actor_name": "the same, in words",
    },
    "registrations.Round": {
        "opened_by": "who is answerable for the round",
        "opened_by_name": "the same, in words",
    },
    "registrations.RoundPractice": {
        "joined_by": "who let the practice join",
        "joined_by_name": "the same, in words",
    },
    "registrations.RoundWish": {
        "key": "stands for a household in the files of one round, without its number",
    },
    "registrations.RoundEvent": {
        "actor": "who set the step",
        "actor_name": "the same, in words",
    },
    "registrations.Move": {
        "household_reason": "why a household stays where it is",
        "practice_reason": "why a practice does not take a household; never health",
        "practice_by_name": "who answered for the practice",
    },
    "registrations.Rehousing": {
        "opened_by": "who is answerable for the re-housing",
        "opened_by_name": "the same, in words",
    },
    "registrations.RehousedHousehold": {
        "key": "the practice's own number of a household",
        "postcode": "to keep the new practice near",
        "frailty": "who goes first: cannot leave the house, or is in treatment now",
    },
    "insight.Scenario": {
        "owner": "who is answerable for what is supposed",
        "overrides": "who set which value, and why",
    },
    "insight.IndicatorUpload": {"uploaded_by": "who is answerable for the figures"},
    "insight.Subscription": {"user": "who wants to be told"},
    "referrals.ServiceRequest": {
        "requester": "who asked, to follow the request",
        "requester_name": "who asked, in words; of a family only until identity goes",
        "requester_phone": "number to call back; of a family only until identity goes",
        "owner": "who has the request in hand",
        "owner_name": "the same, in words",
        "postcode": "where care is given; a PC4 after identity is gone",
        "age": "to describe the client by ten years; goes with identity",
        "tasks": "care that is asked: says something of health with the postcode",
        "note": "for teams that are asked, without names; goes with identity",
        "bridged_by": "who helps for now, in words; goes with identity",
    },
    "referrals.Patient": {
        "name": "for the team that accepts",
        "birth_date": "for the team that accepts",
        "address": "for the team that accepts",
        "phone": "for the team that accepts",
        "representative_name": "for the team that accepts",
        "representative_phone": "for the team that accepts",
        "gp_name": "for the team that accepts",
    },
    "referrals.Consent": {
        "decision": "basis on which the client's data are shared",
        "given_by": "who said it: the client or the representative",
        "recorded_by": "who wrote it down",
    },
    "referrals.Offer": {
        "answered_by": "who answered for the team",
        "answered_by_name": "the same, in words",
        "decline_note": "why not, in words; goes with the client's identity",
    },
    "referrals.RequestEvent": {
        "actor": "who did it",
        "actor_name": "the same, in words",
        "detail": "codes and figures, and notes for colleagues; notes go with identity",
    },
    "referrals.ClientLink": {
        "digest": "to know the client's link again, without keeping it",
        "code_hash": "to know the code again, without keeping it",
    },
    "referrals.AssignmentAgreement": {
        "signed_by": "who signed for the provider",
    },
    "referrals.AssignmentStop": {
        "explanation": "what is not safe, in words; goes with the client's identity",
        "stopped_by": "which nurse stopped it",
    },
    "referrals.PolicyVersion": {
        "made_by": "who drafted it",
        "made_by_name": "the same, in words",
    },
    "referrals.PolicyApproval": {
        "given_by": "who spoke for nurses or referrers",
        "given_by_name": "the same, in words",
        "remark": "what they said, in words",
    },
    "referrals.Signal": {
        "filed_by": "who gets the answer",
        "filed_by_name": "the same, in words",
        "filed_as": "in which role",
        "text": "what goes wrong, without names of clients",
        "owner": "who must answer",
        "owner_name": "the same, in words",
        "answer": "what is done with it",
        "answered_by_name": "who answered",
    },
    "calls.Call": {
        "caller": "who entered the call, to follow it",
        "caller_name": "who entered it, in words",
        "caller_phone": "number on which the nurse calls back",
        "owner": "who has the call in hand",
        "owner_name": "the same, in words",
        "nurse_name": "which nurse goes",
        "nurse_phone": "how to reach the nurse",
        "postcode": "where the nurse is needed; a PC4 after identity is gone",
        "tasks": "what is needed: says something of health with the postcode",
        "reason": "what is the matter: says something of health with the postcode",
        "note": "for nurses alerted, without names; goes with identity",
        "report": "for the client's own team; goes with identity",
    },
    "calls.CallPatient": {
        "name": "for the nurse who goes, during the call",
        "address": "for the nurse who goes, during the call",
        "phone": "for the nurse who goes, during the call",
        "birth_date": "for the nurse who goes, during the call",
        "alarm_number": "by which the alarm center knows the client",
        "treatment_limit": "to act safely",
        "medication_list_present": "to act safely",
        "order_present": "to act safely",
        "allergies": "to act safely",
        "key_safe": "how to get in; encrypted, each showing logged",
        "basis": "on which ground the data go to the nurse",
        "recorded_by": "who wrote it down",
    },
    "calls.CallAlert": {
        "person_name": "which nurse was alerted",
        "phone": "how to reach the nurse",
        "answered_by": "who answered",
        "answered_by_name": "the same, in words",
    },
    "calls.CallEvent": {
        "actor": "who did it",
        "actor_name": "the same, in words",
    },
    "calls.BreakGlass": {
        "actor": "who opened a client's data after the access ended",
        "actor_name": "the same, in words",
        "reason": "why, for the privacy officer; may name what is the matter",
    },
    "stays.BedReport": {
        "reported_by": "who promised the beds",
        "reporter_label": "the same, in words",
    },
    "stays.StayRequest": {
        "requester": "who asked, to follow it",
        "requester_name": "who asked, in words",
        "requester_phone": "number to call back",
        "owner": "who has it in hand",
        "owner_name": "the same, in words",
        "postcode": "to find a bed nearby; a PC4 after identity is gone",
        "age": "to find a bed that fits; goes with identity",
        "answers": "codes that say something of health; go with identity",
        "needs": "what a bed must have: says something of health; goes with identity",
        "note": "for the provider, without names; goes with identity",
    },
    "stays.BedClaim": {
        "claimed_by": "who took the bed",
        "claimed_by_name": "the same, in words",
    },
    "stays.StayPatient": {
        "name": "for the provider of the confirmed bed",
        "birth_date": "for the provider of the confirmed bed",
        "address": "for the provider of the confirmed bed",
        "phone": "for the provider of the confirmed bed",
        "contact_name": "for the provider of the confirmed bed",
        "contact_phone": "for the provider of the confirmed bed",
        "gp_name": "for the provider of the confirmed bed",
    },
    "stays.StayConsent": {
        "decision": "ground on which it is shared",
        "given_by": "who said it: the client or the representative",
        "recorded_by": "who wrote it down",
    },
    "stays.StayEvent": {
        "actor": "who did it",
        "actor_name": "the same, in words",
        "detail": "codes and moments, and notes; notes go with identity",
    },
}

#: Text fields that hold no data of persons: codes, figures, names of organizations.
IMPERSONAL_FIELDS: dict[str, frozenset[str]] = {
    "fhir.StagedPatient": frozenset({"fhir_id", "client", "number", "purpose"}),
    "fhir.PlacedIdentifier": frozenset({"system", "number"}),
    "accounts.MachineClient": frozenset(
        {"client_id", "name", "jwks", "certificates", "scopes"}
    ),
    "accounts.UsedAssertion": frozenset({"jti"}),
    "fhir.Resource": frozenset({"type", "fhir_id", "digest"}),
    "fhir.Version": frozenset(
        {"type", "fhir_id", "source", "body", "public_body", "name"}
    ),
    "fhir.SearchEntry": frozenset(
        {"type", "fhir_id", "terms", "public_terms", "strings", "name"}
    ),
    "fhir.SearchLink": frozenset({"parameter", "target_type", "target_id"}),
    "fhir.FedElements": frozenset({"type", "fhir_id", "elements", "origin"}),
    "fhir.Subscription": frozenset(
        {
            "fhir_id",
            "status",
            "reason",
            "topic",
            "criteria",
            "narrowing",
            "content",
            "payload",
            "url",
            "error",
        }
    ),
    "fhir.FeedTurn": frozenset({"client"}),
    "fhir.FollowedDirectory": frozenset({"address", "types", "error"}),
    "fhir.FollowedType": frozenset({"type", "stamp", "next_stamp", "next_url"}),
    "fhir.ArrivedEntry": frozenset({"type", "remote_id", "version_id", "content"}),
    "fhir.ReplicatedResource": frozenset(
        {"type", "remote_id", "fhir_id", "version_id"}
    ),
    "fhir.ReplicaConflict": frozenset(
        {"type", "remote_id", "fhir_id", "reason", "detail"}
    ),
    "fhir.UpstreamDirectory": frozenset({"address", "types", "error"}),
    "fhir.PushedResource": frozenset({"type", "fhir_id", "digest", "etag", "outcome"}),
    "communications.Communication": frozenset(
        {"topic", "key", "params", "link", "about"}
    ),
    "communications.Delivery": frozenset({"channel", "status", "last_error"}),
    "communications.WebhookEndpoint": frozenset({"url", "topics", "ending"}),
    "registrations.PracticeList": frozenset({"status", "reason", "postcodes"}),
    "registrations.Wish": frozenset(
        {"number", "status", "reason", "contact_kind", "close_reason"}
    ),
    "registrations.WishMember": frozenset({"age_band"}),
    "registrations.WishEvent": frozenset({"kind", "detail"}),
    "registrations.Round": frozenset({"name", "status", "mechanism", "levels"}),
    "registrations.RoundEvent": frozenset({"kind", "detail"}),
    "registrations.RoundWish": frozenset({"left_out", "outcome"}),
    "registrations.Move": frozenset({"status", "household_answer", "practice_answer"}),
    "registrations.Rehousing": frozenset({"name", "status"}),
    "registrations.RehousedHousehold": frozenset({"why_not"}),
    "insight.Figure": frozenset({"indicator", "part_of_day", "source"}),
    "insight.Scenario": frozenset({"name", "note", "base", "closing"}),
    "insight.ScenarioRun": frozenset(
        {"status", "error", "result", "input_hash", "version"}
    ),
    "insight.Measure": frozenset(
        {"indicator", "title", "note", "owner_kind", "status", "outcome"}
    ),
    "insight.IndicatorUpload": frozenset({"indicator", "file_name", "sha256"}),
    "insight.UploadedFigure": frozenset({"indicator"}),
    "insight.Subscription": frozenset({"indicator", "told"}),
    "referrals.ServiceRequest": frozenset(
        {
            "number",
            "status",
            "requester_kind",
            "parts_of_day",
            "urgency",
            "urgency_reason",
            "language",
            "insurer",
            "care_law",
            "order_present",
            "materials_present",
            "refused_organizations",
            "hours_by_part",
            "owner_kind",
            "close_reason",
        }
    ),
    "referrals.Consent": frozenset({"purpose"}),
    "referrals.Offer": frozenset({"status", "origin", "reasons", "decline_reason"}),
    "referrals.RequestEvent": frozenset({"kind"}),
    "referrals.AssignmentAgreement": frozenset({"document"}),
    "referrals.AssignmentStop": frozenset({"ground"}),
    "referrals.PolicyVersion": frozenset({"status", "terms", "why", "preview"}),
    "referrals.PolicyApproval": frozenset({"party"}),
    "referrals.Signal": frozenset({"topic", "status"}),
    "referrals.UnmetDemand": frozenset(
        {"kind", "reason", "tasks", "parts_of_day", "urgency", "pseudonym"}
    ),
    "referrals.RoomCheck": frozenset({"tasks", "parts_of_day"}),
    "calls.Call": frozenset(
        {
            "number",
            "status",
            "caller_kind",
            "urgency",
            "owner_kind",
            "outcome",
            "close_reason",
        }
    ),
    "calls.CallAlert": frozenset({"status", "decline_reason", "reasons"}),
    "calls.CallEvent": frozenset({"kind", "detail"}),
    "stays.BedReport": frozenset({"kind", "features", "gender", "source"}),
    "stays.StayRequest": frozenset(
        {
            "number",
            "status",
            "happened",
            "suggested",
            "rule",
            "decider",
            "gender",
            "owner_kind",
            "close_reason",
        }
    ),
    "stays.BedClaim": frozenset({"kind", "status", "ground"}),
    "stays.StayEvent": frozenset({"kind"}),
    "stays.StaySearch": frozenset({"kind", "happened"}),
}
