"""Addresses for residents and the desks that help them."""

from collections.abc import Callable

from django.http import HttpResponse
from django.urls import URLPattern, path

from wijkspil.registrations.views import finding, following, wishing

#: What can be done with a wish: name, rest of the address, page.
_ACTS: tuple[tuple[str, str, Callable[..., HttpResponse]], ...] = (
    ("choices", "keuzes/", following.edit_choices),
    ("reconfirm", "bevestigen/", following.reconfirm),
    ("answer", "antwoord/", following.answer),
    ("withdraw", "intrekken/", following.withdraw),
    ("register", "inschrijven/<int:service_id>/", following.register),
    ("member", "lid/", following.member_new),
    ("member-link", "lid/<int:row>/link/", following.member_link),
    ("member-out", "lid/<int:row>/zonder/", following.member_out),
)
_LINK = "huisarts/volg/<str:token>/"
_DESK = "huisarts/hulp/<str:number>/"

urlpatterns: list[URLPattern] = [
    path("huisarts/", finding.find, name="find"),
    path("huisarts/praktijk/<int:service_id>/", finding.show_practice, name="practice"),
    path("huisarts/inschrijven/<int:service_id>/", wishing.register, name="register"),
    path("huisarts/wens/", wishing.start, name="wish"),
    path("huisarts/wens/huidig/", wishing.current, name="wish-current"),
    path("huisarts/wens/keuzes/", wishing.choices, name="wish-choices"),
    path("huisarts/wens/huishouden/", wishing.household, name="wish-household"),
    path("huisarts/wens/gemaakt/", wishing.made, name="wish-made"),
    path("huisarts/lid/<str:token>/", following.consent, name="consent"),
    path("huisarts/volg/", following.find_back, name="follow-start"),
    path(_LINK, following.show, name="follow"),
    path(f"{_LINK}sluiten/", following.close, name="follow-close"),
    path("huisarts/hulp/", following.list_of_desk, name="help"),
    path(_DESK, following.by_desk(following.show_to_desk), name="help-wish"),
    path(f"{_DESK}link/", following.by_desk(following.new_link), name="help-link"),
    path(
        f"{_DESK}lid/<int:row>/zegt/",
        following.by_desk(following.member_says),
        name="help-member-says",
    ),
    *(
        path(f"{_LINK}{route}", following.by_link(view), name=f"follow-{name}")
        for name, route, view in _ACTS
    ),
    *(
        path(f"{_DESK}{route}", following.by_desk(view), name=f"help-{name}")
        for name, route, view in _ACTS
    ),
]
