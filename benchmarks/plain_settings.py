"""The product's settings with one plain view added, for comparison."""

from wijkspil.config.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.plain_urls"
