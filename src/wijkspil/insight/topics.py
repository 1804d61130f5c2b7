"""What people are told about the picture of a region. Outside only the title goes."""

from django.utils.translation import gettext_lazy as _

from wijkspil.communications.types import declare_topic

WARNING = declare_topic(
    "insight.warning",
    title=_("Care may fall short in more places"),
    sentence=_(
        "What you asked to be warned of: %(areas)s more wijken cross your threshold in "
        "%(year)s or sooner, with a chance of at least %(chance)s %%."
    ),
)
