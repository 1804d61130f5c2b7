"""The REST interface of all rooms together, at ``/api/v1``."""

from typing import Any

from ninja.openapi.schema import OpenAPISchema

from wijkspil.accounts.requests import get_writing_caller
from wijkspil.calls.api import router as calls_router
from wijkspil.calls.errors import InvalidCall
from wijkspil.communications.api import router as communications_router
from wijkspil.communications.webhook_description import add_webhooks
from wijkspil.config.api_examples import add_examples
from wijkspil.core.api import API_VERSION, WijkspilApi, refuse_fields
from wijkspil.directory.api import router as directory_router
from wijkspil.directory.files_api import router as files_router
from wijkspil.directory.places_api import router as places_router
from wijkspil.insight.api import router as insight_router
from wijkspil.referrals.api import refuse_request
from wijkspil.referrals.api import router as referrals_router
from wijkspil.referrals.errors import InvalidRequest
from wijkspil.referrals.files_api import router as request_files_router
from wijkspil.referrals.policy_api import router as policy_router
from wijkspil.registrations.access_api import router as gp_access_router
from wijkspil.registrations.api import router as gp_practices_router
from wijkspil.registrations.errors import InvalidRegistration
from wijkspil.registrations.practice_api import router as gp_desk_router
from wijkspil.registrations.rounds_api import router as gp_rounds_router
from wijkspil.stays.api import router as stays_router
from wijkspil.stays.errors import InvalidStay


class SiteApi(WijkspilApi):
    """All rooms together: also describes what the site sends to other systems."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """Return the description, with webhooks and examples."""
        schema = super().get_openapi_schema(**options)
        add_webhooks(schema)
        add_examples(schema)
        return schema


api = SiteApi(
    get_caller=get_writing_caller,
    title="Wijkspil",
    version=API_VERSION,
    description=(
        "Who is responsible at an address at a moment, who has room, and which "
        "professional can play a part. This installation holds fictional data only."
    ),
    urls_namespace="api-v1",
    docs_url="/docs",
    openapi_extra={
        "info": {
            "contact": {
                "name": "Wijkspil",
                "url": "https://github.com/wijkspil/wijkspil",
            },
            "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        }
    },
)
api.add_our_errors()
api.add_exception_handler(InvalidRequest, refuse_request)
api.add_exception_handler(InvalidCall, refuse_fields)
api.add_exception_handler(InvalidStay, refuse_fields)
api.add_exception_handler(InvalidRegistration, refuse_fields)
api.add_router("", directory_router)
api.add_router("", places_router)
api.add_router("", files_router)
api.add_router("", communications_router)
api.add_router("", referrals_router)
api.add_router("", policy_router)
api.add_router("", request_files_router)
api.add_router("", stays_router)
api.add_router("", calls_router)
api.add_router("", gp_access_router)
api.add_router("", gp_practices_router)
api.add_router("", gp_desk_router)
api.add_router("", gp_rounds_router)
api.add_router("", insight_router)
