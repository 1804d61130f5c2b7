"""A system signs in by itself, and may do what its scopes say; each call is noted."""

import datetime as dt
import json
import time
import uuid
from urllib.parse import quote

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from django.test import Client
from django.utils import timezone

from tests.factories.directory import HealthcareServiceFactory, OrganizationFactory
from wijkspil.accounts.machine_sign_in import (
    ASSERTION_TYPE,
    end_client,
    register_client,
)
from wijkspil.accounts.models import ApiToken, MachineClient
from wijkspil.core.errors import InvalidValue, NotFound
from wijkspil.core.models import AuditEvent

pytestmark = pytest.mark.django_db

TOKEN_URL = "http://testserver/fhir/auth/token"
PRIVATE = ec.generate_private_key(ec.SECP384R1())
OTHER = ec.generate_private_key(ec.SECP384R1())


def public_jwk(key, kid="one"):
    jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
    return jwk | {"kid": kid, "alg": "ES384"}


@pytest.fixture
def service():
    return HealthcareServiceFactory()


@pytest.fixture
def client_id(service):
    return register_client(
        organization_id=service.organization_id,
        name="Planning",
        scopes=["system/HealthcareService.rs", "system/Organization.r"],
        jwks={"keys": [public_jwk(PRIVATE)]},
        at=timezone.now() - dt.timedelta(days=1),
    )


def sign(client_id, *, key=PRIVATE, algorithm="ES384", kid="one", **changed):
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": TOKEN_URL,
        "exp": int(time.time()) + 120,
        "jti": uuid.uuid4().hex,
    } | changed
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid})


def ask(assertion, scope="system/HealthcareService.rs", **changed):
    return Client().post(
        "/fhir/auth/token",
        {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
            "scope": scope,
        }
        | changed,
    )


def test_a_signed_request_gives_a_token_that_reads(client_id, service):
    answer = ask(sign(client_id))
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    body = answer.json()
    assert body["token_type"] == "bearer"
    assert body["scope"] == "system/HealthcareService.rs"
    system = Client(headers={"Authorization": f"Bearer {body['access_token']}"})
    read = system.get(f"/fhir/HealthcareService/{service.fhir_id}")
    assert read.status_code == 200
    assert read.json()["id"] == service.fhir_id
    assert read["Cache-Control"] == "private, no-store"


def test_only_scopes_of_the_client_are_given(client_id):
    answer = ask(sign(client_id), scope="system/*.cruds system/Organization.r")
    assert answer.json()["scope"] == "system/Organization.r"


def test_a_client_without_any_of_the_scopes_gets_no_token(client_id):
    answer = ask(sign(client_id), scope="system/*.cruds")
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_scope"
    assert not ApiToken.objects.exists()


def test_a_signed_request_counts_once(client_id):
    assertion = sign(client_id)
    assert ask(assertion).status_code == 200
    again = ask(assertion)
    assert again.status_code == 401
    assert again.json()["error"] == "invalid_client"
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "http://elsewhere.example/token"},
        {"exp": int(time.time()) - 300},
        {"exp": int(time.time()) + 3600},
        {"exp": "soon"},
        {"sub": "somebody-else"},
        {"iss": "unknown"},
        {"jti": ""},
        {"jti": "x" * 256},
    ],
)
def test_a_request_that_does_not_hold_is_refused(client_id, changed):
    answer = ask(sign(client_id, **changed))
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    assert not ApiToken.objects.exists()


def test_a_request_signed_by_another_key_is_refused(client_id):
    assert ask(sign(client_id, key=OTHER)).status_code == 401


def test_a_request_signed_with_the_public_key_as_a_secret_is_refused(client_id):
    secret = "x" * 32
    assertion = sign(client_id, key=secret, algorithm="HS256")
    assert ask(assertion).status_code == 401


def test_an_unsigned_request_is_refused(client_id):
    assert ask(sign(client_id, key=None, algorithm="none")).status_code == 401


@pytest.mark.parametrize("assertion", ["", "x", "a.b.c", "é.é.é"])
def test_what_is_no_signed_request_is_refused(client_id, assertion):
    assert ask(assertion).status_code == 401


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_assertion_type": "x"}, "invalid_request"),
    ],
)
def test_another_way_to_ask_is_refused(client_id, changed, error):
    answer = ask(sign(client_id), **changed)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_a_refused_request_is_in_the_trail(client_id):
    ask(sign(client_id, key=OTHER))
    event = AuditEvent.objects.get(action=AuditEvent.Action.SIGN_IN_FAILED)
    assert event.detail == {"fields": ["invalid_client"]}


def test_a_token_ends_with_its_client(client_id, service):
    token = ask(sign(client_id)).json()["access_token"]
    MachineClient.objects.update(valid_until=timezone.now())
    system = Client(headers={"Authorization": f"Bearer {token}"})
    answer = system.get(f"/fhir/HealthcareService/{service.fhir_id}")
    assert answer.status_code == 401
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert ask(sign(client_id)).status_code == 401


def test_a_token_reaches_no_type_outside_its_scopes(client_id, service):
    token = ask(sign(client_id)).json()["access_token"]
    system = Client(headers={"Authorization": f"Bearer {token}"})
    answer = system.get(f"/fhir/Organization/{service.organization.fhir_id}")
    assert answer.status_code == 403
    assert "system/Organization.r" in answer.json()["issue"][0]["diagnostics"]


def test_a_token_with_fhir_scopes_is_refused_by_the_rest_interface(client_id):
    token = ask(sign(client_id)).json()["access_token"]
    system = Client(headers={"Authorization": f"Bearer {token}"})
    answer = system.get("/api/v1/requests")
    assert answer.status_code == 403
    assert "api/v1" in answer.json()["detail"]


def test_each_call_is_in_the_trail_also_one_that_is_refused(service):
    Client().get(f"/fhir/HealthcareService/{service.fhir_id}")
    Client().get("/fhir/HealthcareService/unknown?_format=json")
    first, second = AuditEvent.objects.order_by("pk")
    assert (first.actor_label, first.action) == ("visitor", "read")
    assert first.entity_type == "FHIR HealthcareService"
    assert first.entity_id == service.fhir_id
    assert first.detail == {"status": 200, "parameters": []}
    assert second.detail == {"status": 404, "parameters": ["_format"]}


def test_a_session_counts_for_nothing(service, client, django_user_model):
    user = django_user_model.objects.create(email="a@example.nl", name="A")
    client.force_login(user)
    client.get(f"/fhir/HealthcareService/{service.fhir_id}")
    assert AuditEvent.objects.get(action="read").actor_label == "visitor"


def test_a_secret_key_cannot_be_registered():
    organization = OrganizationFactory()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key))
    with pytest.raises(InvalidValue, match="secret"):
        register_client(
            organization_id=organization.pk,
            name="x",
            scopes=[],
            jwks={"keys": [jwk]},
            at=timezone.now(),
        )


class TestCertificate:
    @pytest.fixture
    def certificate(self):
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "planning")])
        now = timezone.now()
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(PRIVATE.public_key())
            .serial_number(1)
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .sign(PRIVATE, hashes.SHA256())
        )

    @pytest.fixture
    def shown(self, certificate):
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        return quote(pem.decode())

    def test_a_registered_certificate_signs_in(
        self, service, certificate, shown, settings
    ):
        settings.CLIENT_CERTIFICATE_HEADER = "X-Client-Cert"
        register_client(
            organization_id=service.organization_id,
            name="Planning",
            scopes=["system/*.rs"],
            certificates=[certificate.fingerprint(hashes.SHA256()).hex(":").upper()],
            at=timezone.now() - dt.timedelta(days=1),
        )
        system = Client(headers={"X-Client-Cert": shown})
        path = f"/fhir/HealthcareService/{service.fhir_id}"
        assert system.get(path).status_code == 200
        assert AuditEvent.objects.get().actor_label == "system:Planning"

    @pytest.mark.parametrize("broken", [False, True])
    def test_another_certificate_is_refused(self, service, shown, settings, broken):
        settings.CLIENT_CERTIFICATE_HEADER = "X-Client-Cert"
        system = Client(headers={"X-Client-Cert": "x" if broken else shown})
        answer = system.get(f"/fhir/HealthcareService/{service.fhir_id}")
        assert answer.status_code == 401

    def test_the_header_counts_for_nothing_unless_it_is_set(self, service, shown):
        system = Client(headers={"X-Client-Cert": shown})
        answer = system.get(f"/fhir/HealthcareService/{service.fhir_id}")
        assert answer.status_code == 200
        assert AuditEvent.objects.get().actor_label == "visitor"


def test_a_client_that_was_ended_signs_in_no_more_and_its_token_ends(
    client_id, service
):
    token = ask(sign(client_id)).json()["access_token"]
    header = {"Authorization": f"Bearer {token}"}
    path = f"/fhir/HealthcareService/{service.fhir_id}"
    assert Client(headers=header).get(path).status_code == 200
    end_client(client_id=client_id, at=timezone.now())
    assert ask(sign(client_id)).json()["error"] == "invalid_client"
    assert Client(headers=header).get(path).status_code == 401
    with pytest.raises(NotFound):
        end_client(client_id=client_id, at=timezone.now())
