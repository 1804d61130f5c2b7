"""The parts every page is made of: words, states, forms, files, and how they look.

The browser tests play the components page in Chromium: axe in every look, drafts,
double sending, and the map by keyboard.
"""

import json
import os
import re
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template, TemplateSyntaxError
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import translation
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from wijkspil.config.messages import compile_catalogues
from wijkspil.ui import build_frontend
from wijkspil.ui.assets import find_asset
from wijkspil.ui.errors import (
    FrontendNotBuilt,
    UnknownAsset,
    UnknownIcon,
    WrongComponentValue,
)
from wijkspil.ui.icons import ICONS
from wijkspil.ui.moments import say_deadline, say_exactly, say_moment, say_reported
from wijkspil.ui.navigation import MAP_CATEGORIES

ROOT = Path(__file__).resolve().parents[2]
FRONTEND = ROOT / "src/wijkspil/ui/frontend"
TOKENS = json.loads((FRONTEND / "tokens.json").read_text())
#: A Saturday afternoon in Amsterdam (13:00 UTC is 14:00 there in winter).
NOW = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)


COMPONENTS = (
    *("wp-page-header", "wp-breadcrumb", "wp-answer", "wp-badge", "wp-freshness"),
    *("wp-figure", "utrecht-button", "wp-action-link", "wp-phone", "wp-card"),
    *("wp-alert", "wp-empty", "wp-privacy", "wp-field", "wp-error-summary"),
    *("wp-table", "wp-sort", "wp-chip", "wp-pagination", "wp-facts", "wp-disclosure"),
    *("wp-timeline", "wp-steps", "wp-progress", "wp-map", "wp-swatch"),
    *("wp-chart", "wp-chart__mark"),
)


def draw(source: str, **context: object) -> str:
    """Render a piece of template with the component tags loaded."""
    return Template("{% load ui %}" + source).render(Context({"now": NOW, **context}))


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


# --- look -------------------------------------------------------------------------


def luminance(color: str) -> float:
    """Return the relative luminance of ``#rrggbb`` (WCAG 2.2)."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


class TestTokens:
    @pytest.mark.parametrize("mode", ["light", "dark"])
    @pytest.mark.parametrize(("kind", "least"), [("text", 4.5), ("shape", 3.0)])
    def test_every_pair_that_meets_on_a_page_has_contrast_enough(
        self, mode, kind, least
    ):
        color = TOKENS["color"]
        poor = {
            f"{front} on {back}": round(found, 2)
            for front, back in TOKENS["contrast"][kind]
            if (found := contrast(color[front][mode], color[back][mode])) < least
        }
        assert poor == {}

    def test_black_on_white_measures_21(self):
        assert contrast("#000000", "#ffffff") == pytest.approx(21)

    def test_every_token_the_styles_use_exists(self):
        known = {f"--wijkspil-{name}" for name in TOKENS["size"]} | {
            f"--wijkspil-color-{name}" for name in TOKENS["color"]
        }
        used = {
            name
            for file in (FRONTEND / "css").glob("*.css")
            for name in re.findall(r"--wijkspil-[a-z0-9-]+", file.read_text())
        }
        assert used - known == set()

    def test_every_map_category_has_a_color_and_a_swatch(self):
        css = (FRONTEND / "css/map-frame.css").read_text()
        for kind in MAP_CATEGORIES:
            assert f"map-{kind}" in TOKENS["color"]
            assert f".wp-swatch--{kind}" in css


# --- words for moments ------------------------------------------------------------


class TestMoments:
    @pytest.mark.parametrize(
        ("minutes", "words"),
        [
            (0, "just now"),
            (35, "in 35 minutes"),
            (-1, "1 minute ago"),
            (-5 * 60 - 48, "this morning at 8:12"),
            (3 * 60, "this afternoon at 17:00"),
            (-13 * 60, "in the night at 1:00"),
            (-15 * 60 - 50, "yesterday at 22:10"),
            (19 * 60, "tomorrow at 9:00"),
            (3 * 24 * 60, "Tuesday at 14:00"),
            (-3 * 24 * 60, "last Wednesday at 14:00"),
            (-18 * 24 * 60, "3 November at 14:00"),
            (60 * 24 * 60, "20 January 2027 at 14:00"),
        ],
    )
    def test_a_moment_is_said_as_people_say_it(self, minutes, words):
        assert say_moment(NOW + timedelta(minutes=minutes), NOW) == words

    def test_a_report_of_a_minute_ago_is_said_by_the_clock_so_it_stays_true(self):
        moment = NOW - timedelta(minutes=1)
        assert say_reported(moment, NOW) == "this afternoon at 13:59"

    @pytest.mark.parametrize(
        ("minutes", "words"),
        [
            (180, "today before 17:00"),
            (35, "within 35 minutes"),
            (0.2, "within 1 minute"),
            (-20, "was due 20 minutes ago"),
            (24 * 60, "tomorrow before 14:00"),
            (10 * 60, "up to and including today"),
            (34 * 60, "up to and including tomorrow"),
        ],
    )
    def test_a_deadline_says_until_when(self, minutes, words):
        assert say_deadline(NOW + timedelta(minutes=minutes), NOW) == words

    def test_the_hour_that_comes_twice_is_said_by_the_wall_clock(self):
        first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
        assert say_exactly(first) == "Sunday 25 October 2026 at 2:30"
        assert (
            say_exactly(first + timedelta(hours=1)) == "Sunday 25 October 2026 at 2:30"
        )

    def test_dutch_says_uur_and_a_point(self):
        compile_catalogues()
        with translation.override("nl"):
            assert say_reported(NOW - timedelta(minutes=348), NOW) == (
                "vanochtend 8.12 uur"
            )
            assert say_deadline(NOW + timedelta(hours=3), NOW) == (
                "vandaag voor 17.00 uur"
            )
            assert say_moment(NOW + timedelta(minutes=35), NOW) == "over 35 minuten"

    def test_the_exact_moment_stands_behind_the_words(self):
        html = draw("{% when moment %}", moment=NOW + timedelta(minutes=35))
        assert 'datetime="2026-11-21T13:35:00+00:00"' in html
        assert 'title="Saturday 21 November 2026 at 14:35"' in html

    def test_the_filters_take_the_present_as_an_argument(self):
        assert draw("{{ moment|when_said:now }}", moment=NOW) == "just now"
        assert draw("{{ nothing|when_said:now }}", nothing=None) == ""


# --- components -------------------------------------------------------------------


class TestComponents:
    @pytest.mark.parametrize("state", ["room", "limited", "full", "unknown"])
    def test_room_is_a_word_and_an_icon_beside_its_color(self, state):
        html = draw("{% room state %}", state=state)
        words = re.sub(r"<[^>]+>", "", html).strip()
        assert words == state.capitalize()
        assert "<svg" in html

    def test_a_stale_report_shows_as_maybe_out_of_date(self):
        html = draw("{% freshness moment stale=True %}", moment=NOW - timedelta(days=9))
        assert "may be out of date" in html
        assert "wp-freshness--stale" in html

    def test_a_figure_never_reported_says_so(self):
        assert "never reported" in draw("{% freshness nothing %}", nothing=None)

    def test_a_phone_dials_digits_and_shows_the_number_as_written(self):
        html = draw('{% phone "+31 (0)70-555 01 23" %}')
        assert 'href="tel:+310705550123"' in html
        assert "+31 (0)70-555 01 23" in html

    def test_what_people_typed_is_never_markup(self):
        html = draw(
            "{% card title=name %}{{ name }}{% endcard %}"
            "{% event name %}{{ name }}{% endevent %}"
            "{% fact name %}{{ name }}{% endfact %}"
            "{% answer title=name %}{{ name }}{% endanswer %}",
            name="<script>x</script>",
        )
        assert "<script>" not in html

    def test_a_value_outside_the_list_is_refused_with_the_list(self):
        with pytest.raises(WrongComponentValue, match=r"'green'.*'unknown'"):
            draw('{% room "green" %}')

    def test_an_unknown_argument_is_refused(self):
        with pytest.raises(TemplateSyntaxError, match="colour"):
            draw('{% badge "x" colour="red" %}')

    def test_an_icon_that_was_not_drawn_is_refused(self):
        with pytest.raises(UnknownIcon, match="heart"):
            draw('{% icon "hart" %}')

    def test_every_icon_is_one_closed_set_of_strokes(self):
        pattern = re.compile(r"[MmLlHhVvCcSsAaZz0-9 .\-]+")
        wrong = [name for name, path in ICONS.items() if not pattern.fullmatch(path)]
        assert wrong == []

    def test_a_sort_link_turns_the_order_around_and_keeps_the_filters(self):
        request = RequestFactory().get(
            "/", {"sort": "hours", "room": "yes", "page": "3"}
        )
        html = draw('{% column "Hours" key="hours" %}', request=request)
        assert 'aria-sort="ascending"' in html
        assert 'href="?sort=-hours&amp;room=yes"' in html

    def test_pages_of_a_list_keep_the_filters(self):
        request = RequestFactory().get("/", {"room": "yes"})
        page = Paginator(range(100), 10).get_page(2)
        html = draw("{% pagination page %}", request=request, page=page)
        assert 'href="?room=yes&amp;page=3"' in html
        assert 'aria-current="page"' in html

    def test_a_list_of_one_page_shows_no_links(self):
        page = Paginator(range(5), 10).get_page(1)
        assert draw("{% pagination page %}", page=page).strip() == ""

    def test_a_number_for_a_machine_has_no_thousands_separator(self):
        html = draw('{% button "Go" name="id" value=number %}', number=12345)
        assert 'value="12345"' in html
        assert 'max="3340"' in draw('{% progress 1200 3340 "Loading" %}')


class SampleForm(forms.Form):
    hours = forms.IntegerField(help_text="A whole number", min_value=0)
    size = forms.TypedChoiceField(
        widget=forms.RadioSelect, choices=[(1, "Small"), (2, "Large")], coerce=int
    )
    remark = forms.CharField(required=False)
    secret = forms.CharField(widget=forms.HiddenInput)


class TestFields:
    def test_a_mistake_is_tied_to_its_field(self):
        html = draw("{% field form.hours %}", form=SampleForm({"hours": "many"}))
        assert 'aria-invalid="true"' in html
        assert 'aria-describedby="id_hours-help id_hours-error"' in html
        assert 'id="id_hours-error"' in html
        assert 'value="many"' in html

    def test_choices_are_a_group_with_a_line_each(self):
        html = draw(
            "{% field form.size hints=hints %}",
            form=SampleForm(),
            hints={2: "Ten hours or more"},
        )
        assert html.count('type="radio"') == 2
        assert "<fieldset" in html
        assert "<legend" in html
        assert 'aria-describedby="id_size_1-hint"' in html

    def test_a_field_that_may_stay_empty_says_so(self):
        assert "(not required)" in draw("{% field form.remark %}", form=SampleForm())
        assert "(not required)" not in draw("{% field form.hours %}", form=SampleForm())

    def test_a_hidden_field_is_only_its_control(self):
        html = draw("{% field form.secret %}", form=SampleForm()).strip()
        assert html.startswith("<input")
        assert "label" not in html

    def test_the_summary_leads_to_every_mistake(self):
        html = draw("{% error_summary form %}", form=SampleForm({}))
        assert 'href="#id_hours"' in html
        assert 'href="#id_size_0"' in html
        assert "What you typed was kept" in html

    def test_a_form_without_mistakes_has_no_summary(self):
        assert draw("{% error_summary form %}", form=SampleForm()).strip() == ""


# --- built files ------------------------------------------------------------------


class TestBuild:
    def test_without_a_build_the_page_says_which_command_to_run(self, tmp_path):
        with pytest.raises(FrontendNotBuilt, match="make frontend"):
            find_asset("app.css", manifest=tmp_path / "manifest.json")

    def test_a_file_the_build_does_not_make_is_refused_with_the_list(self, tmp_path):
        manifest = tmp_path / "manifest.json"
        manifest.write_text('{"files": {"app.css": "app-X.css"}}')
        assert find_asset("app.css", manifest=manifest).endswith("app-X.css")
        with pytest.raises(UnknownAsset, match=r"app\.css"):
            find_asset("app.scss", manifest=manifest)

    def test_the_lock_names_no_download_address(self):
        assert '"resolved"' not in (ROOT / "package-lock.json").read_text()

    def test_built_files_name_no_other_site_to_load_from(self):
        css = Path(build_frontend.BUILD_DIR).glob("*.css")
        for file in css:
            assert re.findall(r"url\([\"']?https?:", file.read_text()) == []

    @pytest.mark.parametrize(
        ("words", "major"), [("v20.20.2\n", 20), ("24.1.0", 24), ("", None)]
    )
    def test_the_version_of_node_is_read(self, words, major):
        assert build_frontend.node_major(words) == major

    def test_a_node_that_is_too_old_is_passed_over(self, tmp_path, monkeypatch):
        for name in ("node", "npm"):
            program = tmp_path / name
            program.write_text("#!/bin/sh\necho v16.0.0\n")
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
        assert build_frontend.find_system_node() is None

    def test_the_wheel_brings_node_where_the_system_has_none(
        self, monkeypatch, tmp_path
    ):
        monkeypatch.setenv("PATH", str(tmp_path))
        tools = build_frontend.find_node()
        assert tools.origin == "wheel"
        assert tools.npm[-1].endswith("npm-cli.js")

    def test_outside_a_checkout_the_build_says_so(self, tmp_path):
        with pytest.raises(build_frontend.FrontendSourceMissing, match="checkout"):
            build_frontend.build_frontend(project_dir=tmp_path, say=lambda _line: None)

    def test_a_second_build_without_changes_does_nothing(self):
        said: list[str] = []
        build_frontend.build_frontend(say=lambda _line: None)
        build_frontend.build_frontend(say=said.append)
        assert said == ["Front end: nothing changed."]


# --- pages over HTTP --------------------------------------------------------------


@pytest.fixture
def visitor(db) -> Client:
    return Client(headers={"accept-language": "en"})


class TestPages:
    def test_the_components_page_shows_every_component(self, visitor):
        page = visitor.get(reverse("ui:components"))
        assert page.status_code == 200
        missing = [
            name
            for name in COMPONENTS
            if f'"{name}' not in page.content.decode()
            and f" {name}" not in page.content.decode()
        ]
        assert missing == []

    def test_every_page_says_it_is_a_practice_environment(self, visitor):
        page = visitor.get(reverse("ui:components")).content.decode()
        assert "This is a practice environment" in page

    def test_a_page_has_no_inline_script_or_style(self, visitor):
        page = visitor.get(reverse("ui:components"))
        html = page.content.decode()
        assert re.findall(r"\sstyle=|\son[a-z]+=", html) == []
        scripts = re.findall(r"<script([^>]*)>", html)
        assert [
            s for s in scripts if "src=" not in s and "application/json" not in s
        ] == []
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy

    def test_a_page_loads_nothing_from_elsewhere(self, visitor):
        html = visitor.get(reverse("ui:components")).content.decode()
        assert re.findall(r"(?:src|href)=\"(?:https?:)?//", html) == []

    def test_the_chosen_look_is_kept_and_leads_back(self, visitor):
        answer = visitor.post(reverse("ui:theme"), {"theme": "dark", "next": "/ui/x"})
        assert answer.headers["Location"] == "/ui/x"
        page = visitor.get(reverse("ui:components")).content.decode()
        assert '<html lang="en" data-theme="dark">' in page

    def test_a_look_that_does_not_exist_is_forgotten(self, visitor):
        visitor.cookies["theme"] = '"><script>'
        page = visitor.get(reverse("ui:components")).content.decode()
        assert '<html lang="en">' in page

    def test_choosing_a_look_never_leads_to_another_site(self, visitor):
        answer = visitor.post(
            reverse("ui:theme"), {"theme": "dark", "next": "https://elsewhere.example/"}
        )
        assert answer.headers["Location"] == "/"

    def test_an_address_that_does_not_exist_gets_a_page_with_a_next_step(self, visitor):
        page = visitor.get("/no-such-page")
        assert page.status_code == 404
        assert "This page is not here" in page.content.decode()

    def test_the_page_after_a_fault_needs_nothing_to_be_shown(self):
        html = Template("{% include '500.html' %}").render(Context({}))
        assert "Something went wrong on our side" in html


# --- in a browser -----------------------------------------------------------------

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
AXE = ROOT / "node_modules/axe-core/axe.min.js"
LOOKS = {
    "light": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True},
    "narrow": {"viewport": {"width": 320, "height": 640}},
    # 1280 px at 200 % zoom leaves 640 px of layout at twice the pixels.
    "zoomed": {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2},
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Playwright keeps an event loop in this thread; Django must not mind.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS
        )
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_components(browser, live_server):
    """Open the components page; a complaint of the browser fails the test."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def open_page(**look) -> Page:
        context = browser.new_context(locale="en-GB", **look)
        contexts.append(context)
        page: Page = context.new_page()
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type == "error" else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(live_server.url + reverse("ui:components"))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.mark.e2e
class TestInABrowser:
    @pytest.mark.parametrize("look", LOOKS)
    def test_axe_finds_nothing_and_nothing_sticks_out(self, browser, live_server, look):
        # The policy of the page rightly refuses a script from outside: axe goes around.
        context = browser.new_context(bypass_csp=True, locale="nl-NL", **LOOKS[look])
        page = context.new_page()
        page.goto(live_server.url + reverse("ui:components"))
        page.locator("[data-map-state=ready]").wait_for()
        page.add_script_tag(path=str(AXE))
        found = page.evaluate(
            "async () => (await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa',"
            " 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})).violations"
            ".map(v => v.id + ': ' + v.nodes.map(n => n.target.join(' ')).join(', '))"
        )
        too_wide = page.evaluate(
            "(({scrollWidth, clientWidth}) => scrollWidth > clientWidth)"
            "(document.documentElement)"
        )
        context.close()
        assert found == []
        assert not too_wide

    @pytest.mark.parametrize("width", [320, 390, 768, 1440])
    def test_long_words_stay_within_their_card_and_their_step(
        self, browser, live_server, width
    ):
        context = browser.new_context(
            locale="nl-NL", viewport={"width": width, "height": 800}
        )
        page = context.new_page()
        page.goto(live_server.url + reverse("ui:components"))
        sticking_out = page.evaluate(
            "[...document.querySelectorAll('.wp-steps__text, td > .wp-badge')]"
            ".filter(e => e.getBoundingClientRect().right"
            " > e.parentElement.getBoundingClientRect().right + 0.5"
            " || e.scrollWidth > Math.ceil(e.getBoundingClientRect().width))"
            ".map(e => e.textContent)"
        )
        context.close()
        assert sticking_out == []

    def test_what_was_typed_comes_back_after_a_reload(self, open_components):
        page = open_components()
        form = page.locator("form[data-keep-draft]")
        form.locator("[name=place]").fill("2512")
        form.locator("label", has_text="A little").click()
        form.locator("label", has_text="Evening").click()
        page.reload()
        assert form.locator("[name=place]").input_value() == "2512"
        assert form.locator("[value=limited]").is_checked()
        assert form.locator("[value=evening]").is_checked()
        form.get_by_role("button", name="Start with an empty form").click()
        assert form.locator("[name=place]").input_value() == ""
        page.reload()
        assert form.locator("[name=place]").input_value() == ""

    def test_a_form_that_is_sent_twice_arrives_once(self, open_components):
        page = open_components()
        sent: list[str] = []
        page.on(
            "request",
            lambda request: (
                sent.append(request.url) if request.method == "POST" else None
            ),
        )
        with page.expect_navigation():
            page.evaluate(
                "() => { const form = document.querySelector('[data-theme-form]');"
                " const button = form.querySelector('button');"
                " form.requestSubmit(button); form.requestSubmit(button); }"
            )
        assert len(sent) == 1

    def test_the_map_is_walked_by_keyboard_and_lights_up_the_row(self, open_components):
        page = open_components()
        page.locator("[data-map-state=ready]").wait_for()
        page.locator(".wp-map__area").first.focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        assert page.locator(".wp-map__popup").inner_text().startswith("Havenkwartier")
        row = page.locator("tr[data-map-current]")
        assert "Havenkwartier" in row.inner_text()

    def test_without_scripts_the_table_and_the_menu_stand(self, browser, live_server):
        context = browser.new_context(java_script_enabled=False, **LOOKS["phone"])
        page = context.new_page()
        page.goto(live_server.url + reverse("ui:components"))
        assert page.locator("#areas-table").is_visible()
        assert page.locator(".wp-tools").is_visible()
        assert page.locator("[data-map-note]").is_visible()
        context.close()

    def test_without_webgl_the_map_says_so(self, browser, live_server):
        context = browser.new_context(locale="en-GB")
        context.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
        page = context.new_page()
        page.goto(live_server.url + reverse("ui:components"))
        page.locator("[data-map-state=none]").wait_for()
        assert "cannot be shown here" in page.locator("[data-map-note]").inner_text()
        context.close()
