"""Home "What can I help you with?", and the answers to a question in own words."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from wijkspil.portal.forms import QuestionForm
from wijkspil.portal.questions import read_question


@require_safe
def show_home(request: HttpRequest) -> HttpResponse:
    """Ask one thing: a postcode or a question."""
    return render(request, "portal/home.html", {"form": QuestionForm()})


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Send a postcode on to "Who helps here now?"; answer a question with signposts."""
    form = QuestionForm(request.GET)
    if not form.is_valid():
        return render(request, "portal/home.html", {"form": form}, status=400)
    question = read_question(form.cleaned_data["q"])
    postcode = question.postcode or form.cleaned_data["postcode"]
    if not question.words:
        return redirect(
            f"{reverse('portal:who-helps')}?{urlencode({'postcode': postcode})}"
        )
    return render(request, "portal/home.html", {"form": form})
