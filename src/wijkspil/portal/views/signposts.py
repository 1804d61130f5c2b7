"""The signposts: one question, all questions by theme, and who does what."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from wijkspil.directory.signposts.types import Signpost
from wijkspil.directory.types import Care
from wijkspil.portal.forms import QuestionForm, read_postcode
from wijkspil.portal.signposts import (
    get_signpost,
    list_profession_themes,
    list_signpost_themes,
)
from wijkspil.portal.who_helps import CARE_WORDS
from wijkspil.ui.navigation import Crumb


@require_safe
def list_questions(request: HttpRequest) -> HttpResponse:
    """Show every question, by theme."""
    return render(
        request,
        "portal/signposts.html",
        {"form": QuestionForm(), "themes": list_signpost_themes()},
    )


@require_safe
def show_signpost(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one question: urgent lines, who leads, who can help, and where near you."""
    signpost = get_signpost(slug)
    postcode, form = read_postcode(request.GET.get("postcode", "").strip())
    return render(
        request,
        "portal/signpost.html",
        {
            "signpost": signpost,
            "form": form,
            "postcode": postcode,
            "places": services_near(signpost, postcode),
            "crumbs": [
                Crumb(gettext_lazy("Home"), reverse("portal:home")),
                Crumb(gettext_lazy("Questions"), reverse("portal:signposts")),
                Crumb(gettext_lazy("This question")),
            ],
        },
        status=400 if form.is_bound and form.errors else 200,
    )


@require_safe
def list_professions(request: HttpRequest) -> HttpResponse:
    """Show who does what, and who may be the first to call."""
    return render(
        request, "portal/professions.html", {"themes": list_profession_themes()}
    )


def services_near(signpost: Signpost, postcode: str) -> list[tuple[object, str]]:
    """Return the kinds of care of a signpost, each with where to find it.

    Without a postcode the page asks for one first.
    """
    return [
        (
            CARE_WORDS[Care(care)],
            f"{reverse('portal:who-helps')}?"
            + urlencode({"postcode": postcode, "zorg": care}),
        )
        for care in signpost.services
        if postcode
    ]
