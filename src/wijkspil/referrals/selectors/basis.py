"""On which basis identity is kept and may be released."""

from wijkspil.referrals.models import Consent


def list_consents(request_id: int) -> list[Consent]:
    """Return what was said to sharing, oldest first (one query)."""
    return list(Consent.objects.filter(request_id=request_id).order_by("pk"))
