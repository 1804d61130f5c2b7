"""Who asked for it hears of a wijk that will fall short: in time, and once."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from tests.apps.directory.signing_in import actor_of
from tests.factories.insight import AT, FigureFactory, make_base_run, make_region
from tests.factories.referrals import end_roles
from wijkspil.accounts.types import Role
from wijkspil.communications.models import Communication
from wijkspil.core.errors import InvalidValue, NotFound, NotPermitted
from wijkspil.insight.models import Figure, Subscription
from wijkspil.insight.selectors.warnings import (
    Question,
    chance_of_crossing,
    find_crossings,
)
from wijkspil.insight.services.warnings import (
    subscribe,
    tell_subscribers,
    unsubscribe,
)
from wijkspil.insight.types import FigureRow

pytestmark = pytest.mark.django_db

#: Chances in % of the first wijk, by year.
CHANCES = {2026: 10.0, 2028: 40.0, 2030: 60.0, 2035: 95.0}


def question(region_id: int, **changes: object) -> Question:
    values: dict[str, object] = {
        "region_id": region_id,
        "indicator": "gap_hours",
        "threshold": 0.0,
        "within_years": 10,
        "chance": 0.5,
    }
    return Question(**(values | changes))  # type: ignore[arg-type]


class TestCrossing:
    def test_the_first_year_with_enough_chance_is_told(self) -> None:
        made = make_region()
        make_base_run(made, chances=CHANCES)

        outlook = find_crossings(question(made.region.pk), year=2026)

        [one] = outlook.crossings
        assert (one.name, one.year, one.chance) == ("Zuid", 2030, 0.6)
        assert not one.is_now
        assert outlook.areas == 4
        assert outlook.computed_at == AT

    def test_beyond_the_horizon_nothing_is_told(self) -> None:
        made = make_region()
        make_base_run(made, chances=CHANCES)
        soon = question(made.region.pk, within_years=3)

        assert not find_crossings(soon, year=2026).crossings

    def test_a_smaller_chance_comes_earlier(self) -> None:
        made = make_region()
        make_base_run(made, chances=CHANCES)

        [one] = find_crossings(
            question(made.region.pk, chance=0.3), year=2026
        ).crossings

        assert one.year == 2028

    def test_what_falls_short_now_is_said_so(self) -> None:
        made = make_region()
        make_base_run(made, chances={2026: 80.0, 2030: 90.0})

        [one] = find_crossings(question(made.region.pk), year=2026).crossings

        assert one.is_now

    def test_without_a_run_it_says_that_nothing_was_projected(self) -> None:
        outlook = find_crossings(question(make_region().region.pk), year=2026)

        assert outlook.computed_at is None

    def test_another_threshold_uses_the_interval_of_the_figure(self) -> None:
        made = make_region()
        make_base_run(made, chances=CHANCES)
        Figure.objects.filter(indicator="gap_hours", area=made.wijken[1]).update(
            value=30, low=10, high=50
        )

        [one] = find_crossings(
            question(made.region.pk, threshold=20.0, chance=0.7), year=2026
        ).crossings[:1]

        # 10 above a threshold, where 80 % of the futures lie within 20: z is 0.64.
        assert one.name in {"Zuid", "Noord"}
        noord = [
            each
            for each in find_crossings(
                question(made.region.pk, threshold=20.0, chance=0.7), year=2026
            ).crossings
            if each.name == "Noord"
        ]
        assert noord[0].chance == pytest.approx(0.739, abs=0.001)

    def test_a_share_takes_the_interval_of_its_hours(self) -> None:
        made = make_region()
        run = make_base_run(made, chances={2030: 60.0})
        zuid = Figure.objects.filter(area=made.wijken[0], run=run)
        zuid.filter(indicator="gap_hours").update(value=30, low=10, high=50)
        zuid.filter(indicator="gap_share").update(value=10)
        FigureFactory(
            indicator="need_hours",
            area=made.wijken[0],
            run=run,
            valid_from=AT.date().replace(year=2030, month=1, day=1),
            valid_until=AT.date().replace(year=2031, month=1, day=1),
            value=300,
        )

        [one] = find_crossings(
            question(made.region.pk, indicator="gap_share", threshold=8.0, chance=0.1),
            year=2026,
        ).crossings

        assert one.low == pytest.approx(10 / 3)
        assert one.high == pytest.approx(50 / 3)
        assert 0.6 < one.chance < 0.7

    def test_few_places_are_worse_than_many(self) -> None:
        made = make_region()
        run = make_base_run(made)
        for wijk, value in zip(made.wijken, (700, 950, 1100, 899), strict=True):
            FigureFactory(
                indicator="gp_places_per_1000",
                area=wijk,
                run=run,
                valid_from=AT.date().replace(year=2030, month=1, day=1),
                valid_until=AT.date().replace(year=2031, month=1, day=1),
                value=value,
            )

        found = find_crossings(
            question(made.region.pk, indicator="gp_places_per_1000", threshold=900.0),
            year=2026,
        )

        assert {one.name for one in found.crossings} == {"Zuid", "Dorp"}

    def test_a_chance_is_half_at_the_threshold(self) -> None:
        row = FigureRow(
            "gap_hours", "WK1", AT.date(), AT.date(), value=5.0, low=1.0, high=9.0
        )

        assert chance_of_crossing(row, 5.0) == pytest.approx(0.5)
        assert chance_of_crossing(row, 9.0) == pytest.approx(0.1, abs=1e-3)
        assert chance_of_crossing(row, 1.0) == pytest.approx(0.9, abs=1e-3)


class TestTelling:
    def test_a_wijk_is_told_once(self) -> None:
        made = make_region()
        run = make_base_run(made, chances={2030: 10.0})
        subscribe(question=question(made.region.pk), actor=made.analyst.actor, at=AT)
        assert tell_subscribers(at=AT) == 0

        Figure.objects.filter(
            run=run, indicator="gap_chance", area=made.wijken[0]
        ).update(value=75)
        later = AT + timedelta(days=1)

        assert tell_subscribers(at=later) == 1
        assert tell_subscribers(at=later + timedelta(days=1)) == 0
        message = Communication.objects.get(topic="insight.warning")
        assert message.to_user_id == made.analyst.user.pk
        assert message.params == {"areas": 1, "year": 2030, "chance": 50}
        assert message.link.startswith(reverse("insight:warnings"))

    def test_what_crossed_when_it_was_asked_is_not_told_again(self) -> None:
        made = make_region()
        make_base_run(made, chances=CHANCES)
        subscribe(question=question(made.region.pk), actor=made.analyst.actor, at=AT)

        assert tell_subscribers(at=AT) == 0

    def test_another_wijk_is_told_as_well(self) -> None:
        made = make_region()
        run = make_base_run(made, chances=CHANCES)
        subscribe(question=question(made.region.pk), actor=made.analyst.actor, at=AT)
        Figure.objects.filter(
            run=run, indicator="gap_chance", area=made.wijken[2]
        ).update(value=75)

        assert tell_subscribers(at=AT) == 1
        assert Subscription.objects.get().told == sorted(
            [made.wijken[0].pk, made.wijken[2].pk]
        )

    def test_who_left_the_region_is_not_told(self) -> None:
        made = make_region()
        run = make_base_run(made, chances={2030: 10.0})
        subscribe(question=question(made.region.pk), actor=made.insurer.actor, at=AT)
        Figure.objects.filter(run=run, indicator="gap_chance").update(value=75)
        end_roles(made.insurer, at=AT + timedelta(hours=1))

        assert tell_subscribers(at=AT + timedelta(days=1)) == 0


class TestAsking:
    def test_a_new_question_takes_the_place_of_the_old_one(self) -> None:
        made = make_region()
        for chance in (0.5, 0.9):
            subscribe(
                question=question(made.region.pk, chance=chance),
                actor=made.analyst.actor,
                at=AT,
            )

        assert Subscription.objects.get().chance == 0.9

    def test_another_region_is_refused(self) -> None:
        made = make_region()
        stranger = actor_of(Role.ANALYST, region_id=made.gemeenten[0].pk)

        with pytest.raises(NotPermitted):
            subscribe(question=question(made.region.pk), actor=stranger, at=AT)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"indicator": "population"}, "indicator"),
            ({"within_years": 0}, "within_years"),
            ({"within_years": 16}, "within_years"),
            ({"chance": 0.0}, "chance"),
            ({"chance": 1.5}, "chance"),
            ({"threshold": float("nan")}, "threshold"),
        ],
    )
    def test_what_cannot_be_is_refused_at_its_field(
        self, changes: dict[str, object], field: str
    ) -> None:
        made = make_region()

        with pytest.raises(InvalidValue) as refused:
            subscribe(
                question=question(made.region.pk, **changes),
                actor=made.analyst.actor,
                at=AT,
            )
        assert refused.value.field == field

    def test_only_ones_own_warning_is_ended(self) -> None:
        made = make_region()
        row = subscribe(
            question=question(made.region.pk), actor=made.analyst.actor, at=AT
        )

        with pytest.raises(NotFound):
            unsubscribe(subscription_id=row.pk, actor=made.insurer.actor)
        unsubscribe(subscription_id=row.pk, actor=made.analyst.actor)
        assert not Subscription.objects.exists()


class TestPage:
    def browser(self, person: object) -> Client:
        client = Client()
        client.force_login(person.user)  # type: ignore[attr-defined]
        return client

    def test_it_answers_subscribes_and_stops(self) -> None:
        made = make_region()
        make_base_run(made, chances=CHANCES)
        client = self.browser(made.analyst)
        url = f"{reverse('insight:warnings')}?regio={made.region.pk}"

        shown = client.get(
            f"{url}&indicator=gap_hours&threshold=0&within_years=10&chance=50"
        )
        done = client.post(
            url,
            {
                "indicator": "gap_hours",
                "threshold": "0",
                "within_years": "10",
                "chance": "50",
            },
            follow=True,
        )
        row = Subscription.objects.get()
        ended = client.post(reverse("insight:warning-end", args=[row.pk]), follow=True)

        text = shown.content.decode()
        assert "Zuid" in text
        assert "2030" in text
        assert "2.030" not in text
        assert done.status_code == ended.status_code == 200
        assert not Subscription.objects.exists()

    def test_a_wrong_threshold_is_said_at_its_field(self) -> None:
        made = make_region()

        answer = self.browser(made.analyst).get(
            f"{reverse('insight:warnings')}?indicator=gap_hours&threshold=x"
            "&within_years=10&chance=50"
        )

        assert answer.status_code == 422

    def test_without_a_projection_it_leads_to_the_scenarios(self) -> None:
        made = make_region()

        text = self.browser(made.analyst).get(reverse("insight:warnings"))

        assert reverse("insight:scenarios") in text.content.decode()
