"""A client who fills in the intake over plain HTTP: opens each screen, answers what it asks, sends it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

# A healthy office worker whose low back is stiff. What is not listed here gets the harmless answer.
ANSWERS = {
    "full_name": "Zoë Łuć",
    "preferred_name": "Zoë",
    "date_of_birth": "1988-04-12",
    "date_of_birth_day": "12",
    "date_of_birth_month": "4",
    "date_of_birth_year": "1988",
    "email": "zoe@example.org",
    "mobile_phone": "+1 555 010 0123",
    "preferred_channel": "email",
    "language_pref": "en",
    "emergency_contact_name": "Jan Łuć",
    "emergency_contact_phone": "+1 555 010 0124",
    "emergency_contact_relation": "Brother",
    "visit_reason": "pain",
    "goals": "sit_longer",
    "activity_profile": "desk",
    "activity_level": "some",
    "minutes_per_day": "10",
    "confidence": "8",
    "equipment": "none",
    "move_floor": "yes",
    "move_kneel": "yes",
    "move_stand": "yes",
    "pain_regions": "low_back_l",
    "main_region": "low_back_l",
    "main_side": "left",
    "pain_now": "3",
    "pain_avg7": "4",
    "pain_worst24": "5",
    "pain_duration": "gt_3m",
    "pain_onset": "slowly",
    "pain_pattern": "comes_and_goes",
    "pain_feel": "tight",
    "pain_spread": "no",
    "worse_with": "sitting",
    "better_with": "moving",
    "morning_stiff": "lt_30",
    "night_wake": "no",
    "act1_name": "Sit through a film",
    "act1_score": "5",
    "pressure_pref": "medium",
    "positions_ok": "face_down",
    "consent_massage": "yes",
    "consent_exercise": "yes",
    "consent_health_data": "yes",
    "consent_email": "yes",
    "signature_name_date": "Zoë Łuć",
}
HARMLESS = ("no", "none", "none_of_these", "0", "na", "no_change", "fine")
LEFT_OUT = ("consent_marketing", "consent_share_doctor", "consent_sms")
MOST_SCREENS = 60


@dataclass
class Form:
    """One form of a page: where it goes, its fields with their possible values, and what is filled in."""

    action: str = ""
    method: str = "get"
    choices: dict[str, list[str]] = field(default_factory=dict)
    filled: dict[str, list[str]] = field(default_factory=dict)
    typed: list[str] = field(default_factory=list)


class Reader(HTMLParser):
    """Finds the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._select = ""

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        """Take in forms and their fields."""
        got = {name: value or "" for name, value in pairs}
        if tag == "form":
            self.forms.append(Form(got.get("action", ""), got.get("method", "get").lower()))
        elif self.forms and tag in ("input", "textarea", "select", "button", "option"):
            self._field(tag, got)

    def _field(self, tag: str, got: dict[str, str]) -> None:
        form, name, kind = self.forms[-1], got.get("name", ""), got.get("type", "text")
        if tag == "option":
            form.choices.setdefault(self._select, []).append(got.get("value", ""))
        elif tag == "select":
            self._select = name
        elif name and tag == "input" and kind in ("radio", "checkbox"):
            form.choices.setdefault(name, []).append(got.get("value", "on"))
        elif name and tag == "input" and kind == "hidden":
            form.filled.setdefault(name, []).append(got.get("value", ""))
        elif name and tag in ("input", "textarea"):
            form.typed.append(name)


class Refused(Exception):
    """The form did not take an answer, or never ended."""


def answer(form: Form, said: Mapping[str, str] = ANSWERS) -> dict[str, list[str]]:
    """What the client puts into a form."""
    given = dict(form.filled)
    for name in form.typed:
        if name in said:
            given[name] = [said[name]]
    for name, values in form.choices.items():
        wanted = [value for value in (said.get(name, ""), *HARMLESS) if value in values]
        if name in LEFT_OUT:
            continue
        if wanted:
            given[name] = wanted[:1]
        elif name in said:
            given[name] = values[:1]
    return given


def fill_in(link: str, said: Mapping[str, str] = ANSWERS, most: int = 0) -> int:
    """Answer every screen behind the link and send the form; returns how many screens there were.

    `most` is how many screens are answered before the client puts it aside; 0: all.
    """
    browser = requests.Session()
    page = browser.get(link, timeout=10)
    for screen in range(1, MOST_SCREENS):
        page.raise_for_status()
        reader = Reader()
        reader.feed(page.text)
        forms = [form for form in reader.forms if form.method == "post" and _is_form(form)]
        if not forms or screen == most:
            return screen
        form = forms[0]
        origin = {"Origin": "/".join(page.url.split("/")[:3])}
        before = page.url
        target = urljoin(page.url, form.action)
        page = browser.post(target, data=answer(form, said), headers=origin, timeout=10)
        if page.url == before and 'role="alert"' in page.text:
            raise Refused(f"The form asks again at {page.url}")
    raise Refused(f"The form never ended; it was last at {page.url}.")


def _is_form(form: Form) -> bool:
    """The language, the whole form and "somebody else" are forms too; they are left alone."""
    return form.action.partition("?")[0].rpartition("/")[2] not in ("language", "everything", "else")
