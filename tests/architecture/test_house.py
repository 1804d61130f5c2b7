"""The house stays as drawn: references, words, migrations, personal data."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.core.management import call_command
from django.db import models

from wijkspil.config.messages import list_untranslated
from wijkspil.config.references import FOLDER, make_references
from wijkspil.core.privacy import IMPERSONAL_FIELDS, PERSONAL_FIELDS

ROOT = Path(__file__).resolve().parents[2]
OUR_APPS = (
    "accounts",
    "calls",
    "communications",
    "core",
    "directory",
    "fhir",
    "referrals",
    "registrations",
    "insight",
    "stays",
)


def our_models() -> list[type[models.Model]]:
    """Tables of ours, without the history tables made by trigger."""
    return [
        model
        for app in OUR_APPS
        for model in apps.get_app_config(app).get_models()
        if not hasattr(model, "pgh_tracked_model")
    ]


def test_generated_references_are_up_to_date() -> None:
    stale = [
        name
        for name, text in make_references().items()
        if not (FOLDER / name).exists() or (FOLDER / name).read_text() != text
    ]
    assert stale == [], "run `make docs` and commit the result"


def test_every_message_has_dutch() -> None:
    assert list_untranslated() == []


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_every_table_is_in_the_glossary() -> None:
    glossary = (ROOT / "GLOSSARY.md").read_text()
    missing = [m.__name__ for m in our_models() if f"`{m.__name__}`" not in glossary]
    assert missing == []


def test_personal_fields_exist_and_persons_are_classified() -> None:
    names = {f"{m._meta.app_label}.{m.__name__}": m for m in our_models()}
    for table, fields in PERSONAL_FIELDS.items():
        known = {field.name for field in names[table]._meta.get_fields()}
        assert set(fields) <= known, table
    suspicious = re.compile(r"person|phone|email|label|password|reporter|actor|_by$")
    unclassified = [
        f"{table}.{field.name}"
        for table, model in names.items()
        for field in model._meta.get_fields()
        if suspicious.search(field.name)
        and not field.auto_created
        and not isinstance(field, models.DateTimeField)
        and field.name not in PERSONAL_FIELDS.get(table, {})
    ]
    assert unclassified == [], "declare it in wijkspil.core.privacy"


def test_every_text_field_of_a_request_is_classified() -> None:
    texts = (models.CharField, models.TextField, models.JSONField, ArrayField)
    for model in apps.get_app_config("referrals").get_models():
        table = f"referrals.{model.__name__}"
        named = set(PERSONAL_FIELDS.get(table, {}))
        impersonal = IMPERSONAL_FIELDS.get(table, frozenset())
        written = {f.name for f in model._meta.fields if isinstance(f, texts)}
        assert not named & impersonal, table
        assert written <= named | impersonal, table
        assert impersonal <= written, table


def test_nothing_of_a_machine_or_registry_is_committed() -> None:
    files = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False
    ).stdout.split(b"\0")
    pattern = re.compile(
        rb"--(extra-)?index[-]url|.resolved[\"]:|/[-]/[^ ]*[.]tgz|[.]whl[#]"
        rb"|/(home|work)/\w"
    )
    found = [
        name.decode()
        for name in files
        if name
        and Path(ROOT, name.decode()).is_file()
        and name != b"tests/architecture/test_house.py"
        and pattern.search(Path(ROOT, name.decode()).read_bytes())
    ]
    assert found == []


def test_every_linked_document_exists() -> None:
    missing = [
        f"{page.relative_to(ROOT)} -> {target}"
        for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
        for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("mode", ["real", "production", "", "Fictional"])
def test_no_other_mode_than_fictional_is_accepted(mode: str) -> None:
    from django.core.exceptions import ImproperlyConfigured

    from wijkspil.config.settings import check_mode

    with pytest.raises(ImproperlyConfigured, match="fictional"):
        check_mode(mode)


def test_loading_all_views_starts_no_threads_of_polars() -> None:
    # The site loads all views once and copies itself for each worker: threads that
    # a library starts would be missing from the copies, and their locks held.
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, django; django.setup()\n"
            "from django.urls import get_resolver\n"
            "n = len(get_resolver().url_patterns)\n"
            "print(n > 0, 'wijkspil.insight.urls' in sys.modules)\n"
            "print('polars' in sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "wijkspil.config.settings"},
    )
    assert done.stdout.split() == ["True", "True", "False"]
