"""Where a system gets its access token, and the page that says where (SMART)."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from wijkspil.accounts.machine_sign_in import (
    ALGORITHMS,
    ASSERTION_TYPE,
    TOKEN_VALID_S,
    RefusedClient,
    RefusedScope,
    sign_in_client,
)
from wijkspil.core.audit import record_access
from wijkspil.core.models import AuditEvent


@csrf_exempt  # signed by the system's own key
@require_POST
def give_token(request: HttpRequest) -> HttpResponse:
    """Answer a signed request with an access token (RFC 6749, 7523)."""
    if request.POST.get("grant_type") != "client_credentials":
        return _refuse(
            "unsupported_grant_type", gettext("Write grant_type=client_credentials.")
        )
    if request.POST.get("client_assertion_type") != ASSERTION_TYPE:
        return _refuse(
            "invalid_request",
            gettext("Write client_assertion_type=%(type)s.") % {"type": ASSERTION_TYPE},
        )
    at = timezone.now()
    try:
        token, scopes = sign_in_client(
            assertion=request.POST.get("client_assertion", ""),
            scopes=request.POST.get("scope", "").split(),
            audience=request.build_absolute_uri(),
            at=at,
        )
    except RefusedClient as error:
        return _refuse(error.code, str(error), status=HTTPStatus.UNAUTHORIZED)
    except RefusedScope as error:
        return _refuse(error.code, str(error))
    return _keep_nothing(
        JsonResponse(
            {
                "access_token": token,
                "token_type": "bearer",
                "expires_in": TOKEN_VALID_S,
                "scope": " ".join(scopes),
            }
        )
    )


@require_GET
def tell_configuration(request: HttpRequest) -> HttpResponse:
    """Answer ``.well-known/smart-configuration``."""
    return JsonResponse(
        {
            "token_endpoint": request.build_absolute_uri(reverse("fhir:token")),
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
            "grant_types_supported": ["client_credentials"],
            "scopes_supported": ["system/*.cruds", "system/*.rs"],
            "capabilities": [
                "client-confidential-asymmetric",
                "permission-v1",
                "permission-v2",
            ],
        }
    )


def _refuse(
    code: str, text: str, *, status: int = HTTPStatus.BAD_REQUEST
) -> HttpResponse:
    record_access(
        at=timezone.now(),
        actor_id=None,
        actor_label="unknown system",
        action=AuditEvent.Action.SIGN_IN_FAILED,
        entity_type="machine-client",
        entity_ids=["-"],
        purpose="FHIR token",
        fields=[code],
    )
    return _keep_nothing(
        JsonResponse({"error": code, "error_description": text}, status=status)
    )


def _keep_nothing(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
