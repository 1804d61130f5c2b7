"""A system that feeds: its organization, its token, and resources as it sends them."""

import json
from typing import Any

from django.test import Client

from tests.factories.accounts import ApiTokenFactory
from tests.factories.directory import OrganizationFactory
from wijkspil.directory.models import Organization

Resource = dict[str, Any]

URA = "urn:oid:2.16.528.1.1007.3.3"
KVK = "http://kvk.nl"
SBI = "https://www.cbs.nl/standaard-bedrijfsindeling"
SERVICE_TYPE = "http://terminology.hl7.org/CodeSystem/service-type"
MANDATE = "http://fhir.generiekefuncties.nl/csd/CodeSystem/nl-gf-authorization-type-cs"


class Feeder:
    """One system, by its token."""

    def __init__(self, secret: str, organization: Organization) -> None:
        self.secret = secret
        self.organization = organization
        self.reference = {"reference": f"Organization/{organization.fhir_id}"}

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/fhir+json",
        **headers: str,
    ) -> Any:
        """Send a request; ``if_match="W/..."`` and so on are headers."""
        return Client().generic(
            method,
            f"/fhir/{path}",
            "" if body is None else json.dumps(body),
            content_type=content_type,
            headers={"Authorization": f"Bearer {self.secret}"}
            | {name.replace("_", "-"): value for name, value in headers.items()},
        )

    def get(self, path: str) -> Resource:
        """Read a resource."""
        response = self.send("GET", path)
        assert response.status_code == 200, response.content
        found: Resource = response.json()
        return found

    def put(self, resource: Resource, **headers: str) -> Any:
        """Send a resource to its own address."""
        path = f"{resource['resourceType']}/{resource['id']}"
        return self.send("PUT", path, resource, **headers)

    def post(self, resource: Resource, **headers: str) -> Any:
        """Send a resource to its type, or a bundle to the base."""
        type_ = resource["resourceType"]
        return self.send(
            "POST", "" if type_ == "Bundle" else type_, resource, **headers
        )

    def patch(self, path: str, *operations: Resource, **headers: str) -> Any:
        """Send a JSON Patch."""
        return self.send(
            "PATCH",
            path,
            list(operations),
            content_type="application/json-patch+json",
            **headers,
        )

    # --- resources of its organization

    def identifier(
        self, value: str, system: str = "https://ecd.example/id"
    ) -> Resource:
        """Return an identifier that this organization assigned."""
        return {
            "use": "official",
            "system": system,
            "value": value,
            "assigner": {"identifier": custodian(self.organization.ura)},
        }

    def child(self, id_: str = "", **changed: Any) -> Resource:
        """Return a part of its organization."""
        return with_id(id_) | {
            "resourceType": "Organization",
            "identifier": [self.identifier(f"org-{id_ or 'new'}")],
            "active": True,
            "type": [{"coding": [{"system": SBI, "code": "86942"}]}],
            "name": "Thuiszorg Voorbeeld, wijk Noord",
            "partOf": self.reference,
            **changed,
        }

    def service(self, id_: str = "", **changed: Any) -> Resource:
        """Return a district nursing service of its organization."""
        return with_id(id_) | {
            "resourceType": "HealthcareService",
            "identifier": [self.identifier(f"service-{id_ or 'new'}")],
            "active": True,
            "providedBy": self.reference,
            "type": [{"coding": [{"system": SERVICE_TYPE, "code": "322"}]}],
            "name": "Wijkteam Noord",
            **changed,
        }

    def location(self, id_: str = "", **changed: Any) -> Resource:
        """Return a place of its organization."""
        return with_id(id_) | {
            "resourceType": "Location",
            "identifier": [self.identifier(f"place-{id_ or 'new'}")],
            "status": "active",
            "name": "Kantoor Noord",
            "type": [{"coding": [{"system": SBI, "code": "86942"}]}],
            "address": {"postalCode": "2512 AB", "city": "Den Haag"},
            "position": {"longitude": 4.31, "latitude": 52.08},
            "managingOrganization": self.reference,
            **changed,
        }

    def endpoint(self, id_: str = "", **changed: Any) -> Resource:
        """Return an endpoint of its organization."""
        return with_id(id_) | {
            "resourceType": "Endpoint",
            "status": "active",
            "connectionType": {
                "system": "http://terminology.hl7.org/CodeSystem/endpoint-connection-type",
                "code": "hl7-fhir-rest",
            },
            "payloadType": [
                {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/"
                            "endpoint-payload-type",
                            "code": "any",
                        }
                    ]
                }
            ],
            "address": "https://ecd.example/fhir",
            "managingOrganization": self.reference,
            **changed,
        }

    def mandate(self, to: Resource, id_: str = "", **changed: Any) -> Resource:
        """Return the affiliation by which it lets another organization feed for it."""
        return with_id(id_) | {
            "resourceType": "OrganizationAffiliation",
            "identifier": [self.identifier(f"mandate-{id_ or 'new'}")],
            "active": True,
            "organization": self.reference,
            "participatingOrganization": to,
            "code": [
                {"coding": [{"system": MANDATE, "code": "lrza-careprovider-admin"}]}
            ],
            **changed,
        }


def custodian(ura: str) -> Resource:
    """Return the identifier of a custodian, as the Dutch profile writes it."""
    return {
        "type": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/"
                    "provenance-participant-type",
                    "code": "custodian",
                }
            ]
        },
        "system": URA,
        "value": ura,
    }


def with_id(id_: str) -> Resource:
    """Return the beginning of a resource with this id, or without one."""
    return {"id": id_} if id_ else {}


def make_feeder(ura: str = "90000123", **organization: Any) -> Feeder:
    """Return a home care provider's system."""
    made = OrganizationFactory.create(ura=ura, **organization)
    secret = f"secret-of-{ura}"
    ApiTokenFactory.create(organization=made, secret=secret)
    return Feeder(secret, made)
