"""Who lives where, and where care is given: what engines are fed with."""

from datetime import datetime

from wijkspil.insight.types import Ground


def read_ground(*, region_id: int | None, at: datetime) -> Ground:
    """Return the ground of a region (places are its wijken); None: the country."""
    raise NotImplementedError
