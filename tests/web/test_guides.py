"""Help: the guides in short, the reader's own first; and what the long ones name."""

import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from tests.apps.directory.signing_in import browser_of
from wijkspil.accounts.types import Role
from wijkspil.config.messages import read_catalogue
from wijkspil.portal.guides import GUIDES

pytestmark = pytest.mark.django_db

LONG = Path(__file__).resolve().parents[2] / "docs" / "howto" / "nl"


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.slug)
def test_a_visitor_reads_every_guide_without_a_way_into_the_work(guide) -> None:
    page = Client().get(reverse("portal:guide", args=[guide.slug]))
    assert page.status_code == 200
    start = reverse(guide.start.url_name)
    if guide.start.needs is not None and guide.slug != "verwijzer":
        assert f'href="{start}"' not in page.content.decode()


def test_a_guide_that_is_not_there_is_not_found() -> None:
    assert Client().get("/hulp/burgemeester").status_code == 404


@pytest.mark.parametrize(
    ("role", "slug"),
    [
        (Role.COORDINATOR, "coordinator"),
        (Role.TEAM_MEMBER, "verpleegkundige"),
        (Role.REFERRER, "verwijzer"),
        (Role.TRIAGE, "nachtdienst"),
        (Role.PRACTICE_MANAGER, "praktijk"),
        (Role.GP_COORDINATOR, "ruilronde"),
        (Role.ANALYST, "analist"),
    ],
)
def test_the_guide_of_who_is_signed_in_comes_first(role, slug) -> None:
    page = browser_of(role).get(reverse("portal:help")).content.decode()
    first = re.search(r'href="/hulp/([a-z-]+)"', page)
    assert first is not None
    assert first.group(1) == slug


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.slug)
def test_what_a_long_guide_tells_to_press_is_on_a_page(guide) -> None:
    words = {
        str(said)
        for message in read_catalogue()
        for said in (
            message.string
            if isinstance(message.string, tuple | list)
            else (message.string,)
        )
    }
    text = (LONG / f"{guide.slug}.md").read_text()
    assert len(text.splitlines()) <= 60
    assert set(re.findall(r"\*\*(.+?)\*\*", text)) <= words


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.slug)
def test_each_picture_of_a_guide_is_there_and_small(guide) -> None:
    text = (LONG / f"{guide.slug}.md").read_text()
    pictures = re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", text)
    assert len(pictures) >= 3
    for alt, path in pictures:
        assert len(alt) > 20
        assert (LONG / path).stat().st_size <= 200_000
