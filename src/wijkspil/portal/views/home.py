"""Home "What can I help you with?", and the answers to a question in own words."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from wijkspil.accounts.requests import get_request_actor
from wijkspil.portal.forms import QuestionForm, read_postcode
from wijkspil.portal.questions import read_question
from wijkspil.portal.signposts import find_signposts
from wijkspil.portal.tiles import (
    ALLIANCES,
    ASK,
    DESK,
    FIND_GP,
    GP_ACCESS,
    INBOX,
    PROFESSIONS,
    SIGN_IN,
    SIGNPOSTS,
    WHO_HELPS_AT_WORK,
    WORK_PAGES,
    Page,
    list_usable,
    make_tiles,
)
from wijkspil.portal.views.signposts import services_near


@require_safe
def show_home(request: HttpRequest) -> HttpResponse:
    """Ask one thing: a postcode or a question."""
    return _show_home(request, QuestionForm())


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Send a postcode on to "Who helps here now?"; answer a question with signposts."""
    form = QuestionForm(request.GET)
    if not form.is_valid():
        return _show_home(request, form, status=400)
    question = read_question(form.cleaned_data["q"])
    postcode, postcode_form = read_postcode(
        question.postcode or form.cleaned_data["postcode"]
    )
    if not question.words:
        return redirect(
            f"{reverse('portal:who-helps')}?{urlencode({'postcode': postcode})}"
        )
    hits = find_signposts(question.words)
    return render(
        request,
        "portal/search.html",
        {
            "form": form,
            "words": question.words,
            "postcode": postcode,
            "postcode_form": postcode_form,
            "hits": [
                (hit.signpost, services_near(hit.signpost, postcode)) for hit in hits
            ],
            "signpost_query": urlencode({"postcode": postcode}) if postcode else "",
        },
        status=400 if postcode_form.errors else 200,
    )


def _show_home(
    request: HttpRequest, form: QuestionForm, *, status: int = 200
) -> HttpResponse:
    actor = get_request_actor(request)
    around: tuple[Page, ...] = (
        *(ASK, FIND_GP, SIGNPOSTS, PROFESSIONS, ALLIANCES, GP_ACCESS),
    )
    work: Sequence[Page] = (SIGN_IN, INBOX, DESK)  # past the sign-in page
    if actor.user_id is not None:
        # Families ask without an account; not every professional may.
        around = tuple(list_usable(around, actor=actor))
        pages = (page for page in WORK_PAGES if page is not ASK)  # it is above
        work = list_usable((WHO_HELPS_AT_WORK, *pages), actor=actor)
    return render(
        request,
        "portal/home.html",
        {
            "form": form,
            "tiles": make_tiles(around),
            "work_tiles": make_tiles(work),
        },
        status=status,
    )
