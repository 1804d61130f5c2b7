"""Who vouches for what was fed: Provenance, signed or not."""

import base64
import json
from datetime import timedelta

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.utils import timezone

from tests.fhir.feeding import KVK, Feeder, make_feeder
from wijkspil.accounts.machine_sign_in import register_client
from wijkspil.fhir.mapping.canonical import to_canonical_json

pytestmark = pytest.mark.django_db(transaction=True)

KEY = ec.generate_private_key(ec.SECP384R1())
OTHER = ec.generate_private_key(ec.SECP384R1())
STATIC = "http://hl7.org/fhir/canonicalization/json#static"
VENDOR = {"identifier": {"system": KVK, "value": "87654321"}}


@pytest.fixture
def feeder() -> Feeder:
    made = make_feeder()
    jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key()))
    register_client(
        organization_id=made.organization.pk,
        name="Register",
        scopes=[],
        jwks={"keys": [jwk | {"kid": "one", "alg": "ES384"}]},
        at=timezone.now() - timedelta(days=1),
    )
    made.put(made.mandate(VENDOR, "m1"))
    return made


def detached(resource, key=KEY, **header):
    whole = jwt.PyJWS().encode(
        to_canonical_json(resource),
        key,
        algorithm="ES384",
        headers={"kid": "one", "canon": STATIC} | header,
    )
    head, _payload, tail = whole.split(".")
    return base64.b64encode(f"{head}..{tail}".encode()).decode()


def provenance(feeder, target="OrganizationAffiliation/m1", data=None, **changed):
    made = {
        "resourceType": "Provenance",
        "target": [{"reference": target}],
        "recorded": "2026-11-22T10:00:00Z",
        "agent": [{"who": feeder.reference}],
    }
    if data:
        made["signature"] = [
            {
                "type": [
                    {
                        "system": "urn:iso-astm:E1762-95:2013",
                        "code": "1.2.840.10065.1.12.1.1",
                    }
                ],
                "when": "2026-11-22T10:00:00Z",
                "who": feeder.reference,
                "targetFormat": f"application/fhir+json;canonicalization={STATIC}",
                "sigFormat": "application/jose",
                "data": data,
            }
        ]
    return made | changed


def test_an_unsigned_provenance_is_kept_found_and_never_changed(feeder):
    response = feeder.post(provenance(feeder))

    assert response.status_code == 201, response.content
    made = response.json()
    assert feeder.get(f"Provenance/{made['id']}") == made
    found = feeder.get("Provenance?target=OrganizationAffiliation/m1")
    assert [entry["resource"]["id"] for entry in found["entry"]] == [made["id"]]
    assert feeder.put(made).status_code == 405


def test_a_signature_over_what_is_here_holds(feeder):
    data = detached(feeder.get("OrganizationAffiliation/m1"))

    response = feeder.post(provenance(feeder, data=data))

    assert response.status_code == 201, response.content
    assert response.json()["signature"][0]["data"] == data


@pytest.mark.parametrize(
    "make",
    [
        lambda read: detached(read | {"active": False}),
        lambda read: detached(read, OTHER),
        lambda read: detached(read, kid="two"),
        lambda read: detached(read, crit=["x"], x=1),
        lambda read: detached(read, sigT="2026-11-22T11:00:00Z"),
        lambda read: "bm90aGluZw==",
        lambda read: base64.b64encode(b"a.b.c").decode(),
    ],
)
def test_a_signature_that_does_not_hold_is_refused(feeder, make):
    data = make(feeder.get("OrganizationAffiliation/m1"))

    response = feeder.post(provenance(feeder, data=data))

    assert response.status_code == 422, response.content
    assert response.json()["issue"][0]["expression"] == ["Provenance.signature[0]"]
    assert response.json()["issue"][0]["code"] == "security"


def test_a_signature_of_an_older_version_holds_for_that_version(feeder):
    data = detached(feeder.get("OrganizationAffiliation/m1"))
    feeder.put(feeder.mandate(VENDOR, "m1", active=False))

    now = feeder.post(provenance(feeder, data=data))
    then = feeder.post(
        provenance(feeder, "OrganizationAffiliation/m1/_history/1", data=data)
    )

    assert (now.status_code, then.status_code) == (422, 201)


def test_another_cannot_vouch_for_it_nor_for_what_is_not_here(feeder):
    other = make_feeder("90000456")

    assert other.post(provenance(other)).status_code == 403
    assert feeder.post(provenance(feeder, "Endpoint/none")).status_code == 422
    assert feeder.post(provenance(feeder, "CareTeam/x")).status_code == 422


def test_an_agent_is_no_person(feeder):
    agent = {"who": {"display": "J. Jansen"}}

    assert feeder.post(provenance(feeder, agent=[agent])).status_code == 422


def test_provenance_comes_along_in_a_transaction(feeder):
    response = feeder.post(
        {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [
                {
                    "resource": provenance(feeder, "urn:uuid:1"),
                    "request": {"method": "POST", "url": "Provenance"},
                },
                {
                    "fullUrl": "urn:uuid:1",
                    "resource": feeder.endpoint(),
                    "request": {"method": "POST", "url": "Endpoint"},
                },
            ],
        },
        prefer="return=representation",
    )

    assert response.status_code == 200, response.content
    made = [entry["resource"] for entry in response.json()["entry"]]
    assert made[0]["target"] == [{"reference": f"Endpoint/{made[1]['id']}"}]


# --- the worked example of the Dutch guide (hl7.fhir.nl.gf, "Mutation signing")

GUIDE_CERTIFICATE = (
    "MIIDdjCCAl6gAwIBAgIGAXQvSnr8MA0GCSqGSIb3DQEBCwUAMDgxNjA0BgNVBAMMLVRlc3QgY2VydGlm"
    "aWNhdGUgbWF0Y2hpbmcgcjIwNDhwcml2YXRla2V5LnBlbTAeFw0yNjA3MTQxMzA1MjJaFw0zNzA3MTQx"
    "MzA1MjJaMDgxNjA0BgNVBAMMLVRlc3QgY2VydGlmaWNhdGUgbWF0Y2hpbmcgcjIwNDhwcml2YXRla2V5"
    "LnBlbTCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAKbSmchT0rb5jpW9FooTgYZR1K+sBQxw"
    "vrVu4SQLnX00OZh2UKQfD6DM9O7nWQPnRvHYVCD5Jl5adU4ERHmEx3YcYbn9MvxoW6Wb+ST2B8d8GrTv"
    "h1jtqmJI0TBHK1oTzHWlZEv13v5YmjHKMOI2KFmhZvFaG3mLMlQ9m1lncpeI6ExBE5tWeO0Z530deZFY"
    "VbnVaw8xBZjOJ11f+nZiINfOESROIbbcARcUfKmQkAsE4iZrKMicX1EdBrOHjynObAdDU5JhWXOZJUEo"
    "rXeu0SZ9pXYW6hOxKQ5eF5SLflMiyZtYLggZbYmvAIJHu3V7oaQe4UOiycGOBI87YZCfCD8CAwEAAaOB"
    "hTCBgjAdBgNVHQ4EFgQU68unI5uJMko9US4//OoqtmLDNP4wHwYDVR0jBBgwFoAU68unI5uJMko9US4/"
    "/OoqtmLDNP4wDwYDVR0TAQH/BAUwAwEB/zAvBgNVHREEKDAmhiR1cm46b2lkOjIuMTYuNTI4LjEuMTAw"
    "Ny4zLjMuMjIyMjIyMjIwDQYJKoZIhvcNAQELBQADggEBABxjyCCZbBXZVUPBVJUc5Q6mH2XsH1qW6vqN"
    "AuTGJb4aiV1+D0Ljw3jmxrq7dzO+CPpAxaLYrv/+d2yT6pufNQx+Yfx2129l0tfHb9admzqvKdjKs1Uj"
    "DFAgqyAQ3bMRtn1mu13tZqNEnHZgPEyefX7OpnDgDLnzoGi7s74P96XiuDxy0BqtCPzi4LM7UHw4EYOm"
    "oA/rwH76JfJSPa5ZA4x8z9jba9/S+MPy1G1uPmHAVCZToCmMysbHKza/Ut/kXTRgRSzllo7/+4XI4K2P"
    "RwUdGSnbrNmabvd5k2jkufTtrxSQZEIhVOHT8E5eDk1K6F5ILXN9NgzmM8acw2EyHYg="
)
GUIDE_SIGNATURE = (
    "EZEsnaJ4BP-PZN1SZPNbdwWPs2llnAXdynIDNOQQG9x3LbxwR-qDuHPcMdUrU5ikDUZJlPyxEc83Juod"
    "xj8KRhEPRp5eJEBiXu5NefQDonXf7sue3WoQUuMu-lBhHnF0C3oCg2Ry2UFwIVenxE-M9xkbUtYQ1Ui4"
    "cnRQFtR3swVyUkp7XPqjGvuJg_2AUjn5U4jecN5zVC9IQ51rtaRUGHiSEyzTRkzqyJcseakK3EZMbcub"
    "rS06Jf_1Kb1mxl9vOBLdaTUXq_idQ9GvNucY6Ajy6hCKjMc0a9N2oBlFsGdt9sYXtvCaWeguoL8ApEFL"
    "Tz4uPmRPAmjtWE76gz9eaA"
)


def test_the_signature_of_the_dutch_guide_holds_over_our_canonical_form():
    # The page has since renamed this code system; the signature is over the old name.
    system = (
        "http://minvws.github.io/generiekefuncties-docs/CodeSystem/"
        "nl-gf-authorization-type-cs"
    )
    resource = {
        "resourceType": "OrganizationAffiliation",
        "id": "c5d6c9d6-7562-589e-9b34-c20a3488daa1",
        "meta": {"profile": ["left out"]},
        "identifier": [
            {
                "assigner": {
                    "identifier": {
                        "system": "http://fhir.nl/fhir/NamingSystem/ura",
                        "value": "22222222",
                        "type": {
                            "coding": [
                                {
                                    "code": "custodian",
                                    "system": "http://terminology.hl7.org/CodeSystem/"
                                    "provenance-participant-type",
                                }
                            ]
                        },
                    }
                },
                "system": "urn:ietf:rfc:3986",
                "value": "urn:uuid:6a41ef31-c95a-4894-a6ef-4c39d8ea3e2a",
                "use": "official",
            }
        ],
        "participatingOrganization": {
            "identifier": {
                "system": "http://fhir.nl/fhir/NamingSystem/kvk",
                "value": "90001234",
            },
            "display": "ExampleSoft B.V.",
        },
        "code": [
            {
                "coding": [
                    {
                        "code": "lrza-careprovider-admin",
                        "system": system,
                        "display": "LRZa Care Provider Administration",
                    }
                ]
            }
        ],
        "active": True,
        "organization": {
            "reference": "Organization/ca56444f-f98c-5d9b-aad2-65a0729ac8f8"
        },
    }
    header = {
        "alg": "RS256",
        "typ": "JOSE",
        "canon": STATIC,
        "sigT": "2026-07-14T10:15:00Z",
        "srCms": [
            {
                "commId": {
                    "id": "urn:oid:1.2.840.10065.1.12.1.1",
                    "desc": "Author's Signature",
                }
            }
        ],
        "x5c": [GUIDE_CERTIFICATE],
    }
    certificate = x509.load_der_x509_certificate(base64.b64decode(GUIDE_CERTIFICATE))
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    parts = [
        base64.urlsafe_b64encode(part).rstrip(b"=").decode()
        for part in (
            json.dumps(header, separators=(",", ":")).encode(),
            to_canonical_json(resource),
        )
    ]

    read = jwt.PyJWS().decode_complete(
        ".".join([*parts, GUIDE_SIGNATURE]),
        key=key,
        algorithms=["RS256"],
    )

    assert json.loads(read["payload"])["active"] is True


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (1.0, "1"),
        (-0.0, "0"),
        (4.35, "4.35"),
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (0.000001, "0.000001"),
        (1e-7, "1e-7"),
        (123456.789, "123456.789"),
        (-1.5e-9, "-1.5e-9"),
        (333333333.33333329, "333333333.3333333"),
    ],
)
def test_numbers_are_written_as_rfc_8785_does(number, written):
    assert to_canonical_json({"a": number}) == f'{{"a":{written}}}'.encode()
