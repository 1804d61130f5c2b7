"""Two tables of rules: what is suggested for whom, and what may follow what.

``suggest`` is a pure function of answers and the data in ``suggestion.yaml``: it never
refuses and never decides. ``TRANSITIONS`` is what may become of a claim on a bed; a
provider has no act to decline one: who says "free" delivers. ``WHO`` may do it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from wijkspil.stays.catalogue import Catalogue, Rule, Source, Text, load_catalogue
from wijkspil.stays.errors import InvalidStay, NotNow
from wijkspil.stays.types import Advice, Decider, StayKind
from wijkspil.stays.types import ClaimStatus as S


@dataclass(frozen=True)
class Suggestion:
    """What fits by the rules: a ``StayKind`` or an ``Advice``, never a decision.

    ``rule`` is "version/id", kept with the request. ``is_sure`` is False where a
    source of the rule is an assumption of ours.
    """

    kind: str
    rule: str
    decider: Decider
    what: Text
    why: tuple[Text, ...]
    arrange: tuple[Text, ...]
    alternatives: tuple[str, ...]
    sources: tuple[Source, ...]
    is_sure: bool

    @property
    def is_bed(self) -> bool:
        """Whether a bed is to be looked for."""
        return self.kind in StayKind.values

    @property
    def label(self) -> str:
        """The kind in words."""
        return label_of(self.kind)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of bed that may fit, the suggested one first."""
        own = (self.kind,) if self.is_bed else ()
        return own + self.alternatives


def label_of(kind: str) -> str:
    """Return the words of a kind of bed or an advice."""
    if kind in StayKind.values:
        return str(StayKind(kind).label)
    return str(Advice(kind).label)


def suggest(
    answers: Mapping[str, str], *, catalogue: Catalogue | None = None
) -> Suggestion:
    """Return what fits by the first rule whose conditions all hold.

    A question that was not answered fits no condition on it; so an empty form gives
    "first an assessment", never a refusal.
    """
    catalogue = catalogue or load_catalogue()
    for rule in catalogue.rules:
        if all(answers.get(code) in known for code, known in rule.when.items()):
            return _suggestion(rule, catalogue)
    return _suggestion(catalogue.otherwise, catalogue)


def _suggestion(rule: Rule, catalogue: Catalogue) -> Suggestion:
    outcome = catalogue.outcomes[rule.suggest]
    sources = tuple(
        catalogue.sources[code] for code in dict.fromkeys(rule.source + outcome.source)
    )
    return Suggestion(
        kind=rule.suggest,
        rule=f"{catalogue.version}/{rule.id}",
        decider=rule.decider or outcome.decider,
        what=outcome.what,
        why=(rule.why,),
        arrange=outcome.arrange,
        alternatives=rule.alternatives,
        sources=sources,
        is_sure=all(
            catalogue.sources[code].status != "assumption" for code in rule.source
        ),
    )


def check_answers(answers: Mapping[str, str]) -> dict[str, str]:
    """Return the answers in the order of the questions, unanswered ones left out.

    Raises
    ------
    InvalidStay
        If a question or an answer is not known.
    """
    questions = load_catalogue().questions
    wrong: dict[str, list[str]] = {}
    for code, answer in answers.items():
        if code not in questions:
            wrong["answers"] = [
                _("“%(value)s” is not a question. Choose from: %(known)s.")
                % {"value": str(code)[:40], "known": ", ".join(questions)}
            ]
        elif answer and answer not in questions[code].answers:
            wrong[code] = [
                _("“%(value)s” is not an answer here. Choose from: %(known)s.")
                % {
                    "value": str(answer)[:40],
                    "known": ", ".join(questions[code].answers),
                }
            ]
    if wrong:
        raise InvalidStay(wrong)
    return {code: answers[code] for code in questions if answers.get(code)}


#: act -> {state of the claim before: state after}
TRANSITIONS: Mapping[str, Mapping[S, S]] = {
    "confirm": {S.HELD: S.CONFIRMED},
    "arrive": {S.CONFIRMED: S.ARRIVED},
    "change the end": {S.ARRIVED: S.ARRIVED},
    "end": {S.ARRIVED: S.ENDED},
    "time passes": {S.HELD: S.RELEASED},
    "cannot deliver": {S.HELD: S.NOT_DELIVERED, S.CONFIRMED: S.NOT_DELIVERED},
    "give back": {S.HELD: S.WITHDRAWN, S.CONFIRMED: S.WITHDRAWN},
}

#: act -> who may do it. A requester is who asked, or works where it was asked from.
WHO: Mapping[str, tuple[str, ...]] = {
    "confirm": ("requester", "coordinator"),
    "arrive": ("provider",),
    "change the end": ("provider",),
    "end": ("provider",),
    "time passes": ("time",),
    "cannot deliver": ("provider",),
    "give back": ("requester", "coordinator"),
}


def can(act: str, status: str) -> bool:
    """Whether ``act`` is possible in this state of a claim."""
    return S(status) in TRANSITIONS[act]


def next_status(act: str, status: str) -> S:
    """Return the state of a claim after ``act``.

    Raises
    ------
    NotNow
        If the state does not allow it; the message names the state.
    """
    after = TRANSITIONS[act].get(S(status))
    if after is None:
        raise NotNow(
            _("This cannot be done now: the bed is at “%(status)s”.")
            % {"status": S(status).label}
        )
    return after
