"""WSGI entry for granian, gunicorn or any other server."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wijkspil.config.settings")
application = get_wsgi_application()

from wijkspil.directory.selectors.signposts import (  # noqa: E402 - Django is ready
    get_signpost_index,
)

# About a second: better at the start than in somebody's first search.
get_signpost_index()
