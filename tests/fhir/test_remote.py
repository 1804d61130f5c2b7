"""Other servers are asked over TLS with a certificate of ours, and by one command."""

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from typer.testing import CliRunner

from tests.fhir.peer import Peer, served
from wijkspil.config.cli_fhir import fhir_app
from wijkspil.fhir.models import FedElements
from wijkspil.fhir.services.remote import NoAnswer, RemoteServer

pytestmark = pytest.mark.enable_socket

FROM = datetime(2026, 1, 1, tzinfo=UTC)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for localhost that is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(FROM)
        .not_valid_after(FROM + timedelta(days=36500))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


class _Metadata(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"resourceType": "CapabilityStatement"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    return make_certificate(tmp_path)


@pytest.fixture
def register(certificate: tuple[Path, Path]) -> Iterator[str]:
    """A server that answers only who shows a certificate it trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    context.load_verify_locations(certificate[0])
    context.verify_mode = ssl.CERT_REQUIRED
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Metadata)
    server.handle_error = lambda *_told: None  # type: ignore[method-assign]
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"https://localhost:{server.server_port}/fhir"
    finally:
        server.shutdown()
        server.server_close()


def test_a_register_that_asks_for_a_certificate_gets_ours(
    register: str, certificate: tuple[Path, Path]
) -> None:
    with (
        override_settings(
            FHIR_CA_FILE=str(certificate[0]),
            FHIR_CERTIFICATE_FILE=str(certificate[0]),
            FHIR_KEY_FILE=str(certificate[1]),
        ),
        RemoteServer(register, allow_private=True) as server,
    ):
        found = server.get("metadata").resource

    assert found["resourceType"] == "CapabilityStatement"


def test_without_a_certificate_or_trust_nothing_is_told(
    register: str, certificate: tuple[Path, Path]
) -> None:
    for trusted in (str(certificate[0]), ""):
        with (
            override_settings(FHIR_CA_FILE=trusted),
            RemoteServer(register, allow_private=True) as server,
            pytest.raises(NoAnswer),
        ):
            server.get("metadata")


def test_a_certificate_that_cannot_be_read_is_told_with_its_setting() -> None:
    with (
        override_settings(FHIR_CERTIFICATE_FILE="/nowhere/at-all.pem"),
        pytest.raises(ImproperlyConfigured, match="WIJKSPIL_FHIR_CERTIFICATE"),
    ):
        RemoteServer("https://register.example/fhir")


@pytest.mark.parametrize(
    ("link", "asked"),
    [
        ("Endpoint?_count=5", "https://r.example/lrza/fhir/Endpoint?_count=5"),
        ("https://r.example/lrza/fhir?p=2", "https://r.example/lrza/fhir?p=2"),
        ("http://inside:8080/fhir?p=2", "https://r.example/lrza/fhir?p=2"),
        (
            "http://inside:8080/x/Endpoint/_history?p=2",
            "https://r.example/lrza/fhir/Endpoint/_history?p=2",
        ),
        ("//evil.example/lrza/fhir/x", "https://r.example/lrza/fhir/x"),
        ("file:///etc/passwd", "https://r.example/lrza/fhir/etc/passwd"),
    ],
)
def test_a_link_leads_to_the_server_that_was_set(link: str, asked: str) -> None:
    with RemoteServer("https://r.example/lrza/fhir") as server:
        assert server.address_of(link) == asked


@pytest.mark.django_db
def test_one_command_copies_and_another_tells_how_it_went() -> None:
    peer = Peer()
    peer.put("Endpoint", "e", name="x")
    run = CliRunner()
    with served(peer) as address, override_settings(WEBHOOK_PRIVATE=True):
        copied = run.invoke(fhir_app, ["replicate", address, "--type", "Endpoint"])
        peer.faults = [(500, {})]
        failed = run.invoke(fhir_app, ["replicate"])
        shown = run.invoke(fhir_app, ["status"])

    assert copied.exit_code == 0, copied.output
    assert FedElements.objects.get().fhir_id == "e"
    assert failed.exit_code == 1
    assert address in shown.output
    assert "500" in shown.output
