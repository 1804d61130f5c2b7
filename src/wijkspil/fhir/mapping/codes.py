"""Addresses of the code systems, profiles and extensions used, with their source.

National: hl7.fhir.nl.gf 0.10.0 (VWS, generic function addressing) and nl-core. Own
ones lie under ``OWN`` and are served as StructureDefinition, CodeSystem,
SearchParameter and NamingSystem (``mapping.conformance``).
"""

#: URA, written as the Dutch profile asks of a custodian, and as nl-core and most
#: clients write it. Both are given.
URA_OID = "urn:oid:2.16.528.1.1007.3.3"
URA = "http://fhir.nl/fhir/NamingSystem/ura"
AGB = "http://fhir.nl/fhir/NamingSystem/agb-z"
KVK = "http://kvk.nl"
UZOVI = "http://fhir.nl/fhir/NamingSystem/uzovi"
#: How else the same registers are written by systems that feed us.
SYNONYMS = {
    "http://www.kvk.nl/": KVK,
    "http://www.kvk.nl": KVK,
    "https://www.kvk.nl": KVK,
    "http://fhir.nl/fhir/NamingSystem/kvk": KVK,
    "urn:oid:2.16.840.1.113883.2.4.6.1": AGB,
    "http://fhir.nl/fhir/NamingSystem/agb": AGB,
    "urn:oid:2.16.840.1.113883.2.4.6.4": UZOVI,
}

SERVICE_TYPE = "http://terminology.hl7.org/CodeSystem/service-type"
ORGANIZATION_TYPE = "http://terminology.hl7.org/CodeSystem/organization-type"
ORGANIZATION_ROLE = "http://hl7.org/fhir/organization-role"
CONNECTION_TYPE = "http://terminology.hl7.org/CodeSystem/endpoint-connection-type"
PAYLOAD_TYPE = "http://terminology.hl7.org/CodeSystem/endpoint-payload-type"
PHYSICAL_TYPE = "http://terminology.hl7.org/CodeSystem/location-physical-type"
PARTICIPANT_TYPE = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
LANGUAGE = "urn:ietf:bcp:47"
UCUM = "http://unitsofmeasure.org"
#: Trades of Statistics Netherlands (SBI 2025), as the Dutch profile names them.
SBI = "https://www.cbs.nl/standaard-bedrijfsindeling"
#: What a patient asks for, of the Dutch profile.
ZORGVRAAG = "http://fhir.generiekefuncties.nl/csd/CodeSystem/nl-gf-zorgvragen-cs"
#: Profiles of the Dutch guide.
NL_GF = "http://fhir.generiekefuncties.nl/csd/StructureDefinition"

OWN = "https://wijkspil.nl/fhir"
_EXTENSION = f"{OWN}/StructureDefinition"
_SYSTEM = f"{OWN}/CodeSystem"
_NAMING = f"{OWN}/NamingSystem"

#: Logical ids of this directory, as identifiers.
DIRECTORY_ID = f"{_NAMING}/directory-id"
#: CBS codes of gemeente, wijk and buurt (GM0518, WK051801, BU05180101).
CBS_AREA = f"{_NAMING}/cbs-area"
PC4 = f"{_NAMING}/pc4"
PC6 = f"{_NAMING}/pc6"
#: Followed by the purpose of the region, as in ``region-resv``.
REGION = f"{_NAMING}/region"

CARE = f"{_SYSTEM}/care"
CARE_TASK = f"{_SYSTEM}/care-task"
CARE_LAW = f"{_SYSTEM}/care-law"
COVERAGE_ROLE = f"{_SYSTEM}/coverage-role"
ALLIANCE_ROLE = f"{_SYSTEM}/alliance-role"
OWN_ORGANIZATION_TYPE = f"{_SYSTEM}/organization-type"
PROFESSION = f"{_SYSTEM}/profession"
PART_OF_DAY = f"{_SYSTEM}/part-of-day"
SIZE_BAND = f"{_SYSTEM}/size-band"
NO_ROOM_REASON = f"{_SYSTEM}/no-room-reason"
CAPACITY_STATUS = f"{_SYSTEM}/capacity-status"
CAPACITY_UNIT = f"{_SYSTEM}/capacity-unit"
AUDIENCE = f"{_SYSTEM}/audience"
CONTACT_PURPOSE = f"{_SYSTEM}/contact-purpose"

#: On HealthcareService: room, as reported and less what was reserved since.
CAPACITY = f"{_EXTENSION}/capacity"
#: On HealthcareService.coverageArea: role, care, rank, year of the area, period.
COVERAGE = f"{_EXTENSION}/coverage"
#: On HealthcareService: open at its usual hours on public holidays.
OPEN_ON_HOLIDAYS = f"{_EXTENSION}/open-on-holidays"
#: On a telecom: for whom, what for, and for which area.
CONTACT_AUDIENCE = f"{_EXTENSION}/contact-audience"
CONTACT_USE = f"{_EXTENSION}/contact-purpose"
CONTACT_AREA = f"{_EXTENSION}/contact-area"
#: On Organization: where an alliance or regional partnership works.
WORKING_AREA = f"{_EXTENSION}/working-area"
#: On CareTeam: the service it carries out; on its participant: how many they are.
TEAM_SERVICE = f"{_EXTENSION}/care-team-service"
TEAM_SIZE = f"{_EXTENSION}/participant-count"
#: On Subscription: with it notifications are signed; shown once.
SIGNATURE_SECRET = f"{_EXTENSION}/signature-secret"
