"""WSGI entry for granian, gunicorn or any other server."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wijkspil.config.settings")
application = get_wsgi_application()

from django.urls import get_resolver  # noqa: E402 - Django is ready

from wijkspil.directory.selectors.signposts import get_signpost_index  # noqa: E402

# Better at the start than in somebody's first request: all pages, and about a
# second for the words of the signposts.
get_resolver().check()
get_signpost_index()
# What is loaded now stays: the collector need not walk it again in every request.
gc.collect()
gc.freeze()
