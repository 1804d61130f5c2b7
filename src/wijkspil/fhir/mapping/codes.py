"""Addresses of the code systems, profiles and extensions used, with their source.

National: hl7.fhir.nl.gf 0.10.0 (VWS, generic function addressing). Own ones lie under
``OWN`` and are served as StructureDefinition and SearchParameter.
"""

URA = "http://fhir.nl/fhir/NamingSystem/ura"
AGB = "http://fhir.nl/fhir/NamingSystem/agb-z"
KVK = "http://www.kvk.nl/"

OWN = "https://wijkspil.nl/fhir"
