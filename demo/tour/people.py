"""Forty clients: who they are, when they come, what they answer, and what happens to their visits."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from demo.client import ANSWERS

CONNECTIONS = ("calcom", "calendly", "acuity", "square", "easy", "mindbody", "cliniko", "site")
WEEKS = (-29, -22, -15, -8, 2)
"""Days from now of a client who has come for weeks, and comes again."""


@dataclass(frozen=True, slots=True)
class Person:
    """One client. `visits` are days from now; `event` is what the scheduler says the day before the last one.

    `said` are answers that differ from those of a healthy office worker; None: never answers. `screens`: how
    many are answered before the form is put aside. `pain` is what the check-ins say, one after the other.
    """

    name: str
    connection: str
    visits: tuple[float, ...]
    said: Mapping[str, str] | None = field(default_factory=dict)
    email: str = ""
    event: str = ""
    screens: int = 0
    pain: tuple[str, ...] = ("4", "3", "3", "2", "2", "1")
    language: str = "en"
    service: str = "deep-tissue-60"

    @property
    def address(self) -> str:
        """Where their mail goes."""
        plain = "".join(each for each in self.name.lower().split(" ")[0] if each.isascii())
        return self.email or f"{plain or 'client'}.{abs(hash_of(self.name)) % 1000:03d}@example.org"

    @property
    def answers(self) -> dict[str, str]:
        """Everything that they put into a form."""
        own = {"full_name": self.name, "preferred_name": self.name.split(" ")[0], "email": self.address}
        return ANSWERS | LATER | own | {"signature_name_date": self.name} | dict(self.said or {})


def hash_of(text: str) -> int:
    """The same number for the same text, in every process."""
    return sum(ord(each) * (place + 7) for place, each in enumerate(text))


KNEE = {
    "pain_regions": "knee_front_r",
    "main_region": "knee_front_r",
    "main_side": "right",
    "worse_with": "stairs",
}
NECK = {"pain_regions": "neck_back_l", "main_region": "neck_back_l", "main_side": "left"}
SORE = {"pain_now": "9", "pain_avg7": "8", "pain_worst24": "10"}
GRAVE = {"gate_nerves": "some", "rf_saddle": "yes"}
LATER = {
    "upd_pain_same_place": "same",
    "upd_after_massage": "fine",
    "grc": "better",
    "upd_days_done": "4",
    "upd_difficulty": "3",
}
"""What returning clients say of the time since."""
COUPLE = "lee@example.org"
FLAGGED, HELD, RETURNING, HALF = "Amara Okafor", "Jonas Weiß", "Zoë Łuć", "Priya Raman"
NO_SHOW, CORRECTED, OFF = "Tomasz Król", "Hélène Dubois", "Ivy Chen"
UNTOUCHED = "nina@example.org"

FORTY: tuple[Person, ...] = (
    # for weeks, and again in two days
    Person(RETURNING, "calcom", WEEKS),
    Person("Maximiliane Freifrau von Wolkenstein-Trostburg", "calendly", WEEKS, NECK),
    Person("محمد الأحمد", "acuity", WEEKS, KNEE),
    Person("李雷", "square", WEEKS),
    Person("Rosa Delgado", "easy", WEEKS, {"language_pref": "es"}, language="es"),
    Person("Ngozi Bello", "site", WEEKS, KNEE),
    Person("Ольга Иванова", "calcom", WEEKS, pain=("4", "5", "5", "6", "6")),
    Person("Sam O'Neill", "calendly", WEEKS, NECK, pain=("4", "4", "4", "4", "4")),
    # a plan some days ago
    Person("Elif Yılmaz", "acuity", (-3,)),
    Person("Bjørn Ås", "square", (-4,), KNEE),
    Person("Kofi Mensah", "cliniko", (-6,)),
    Person("Chloe Park", "mindbody", (-9,), NECK),
    Person("Dana Levi", "calcom", (-12,), KNEE),
    # something is grave, or waits for a look
    Person(FLAGGED, "calendly", (1.1,), GRAVE),
    Person("Pedro Álvarez", "acuity", (0.9,), {"gate_ill": "some", "rf_fever": "yes"}, language="es"),
    Person(HELD, "square", (-1.1,), SORE),
    Person("Yuki Tanaka", "easy", (-1.2,), SORE | NECK),
    Person("Fatima Zahra", "site", (-2.1,), SORE | KNEE),
    # what happens to visits
    Person("Ann Lee", "calcom", (-5.0, 3.0), NECK, email=COUPLE),
    Person("Ben Lee", "calcom", (-5.1, 3.1), KNEE, email=COUPLE),
    Person(NO_SHOW, "calcom", (-2.0,), event="no_show"),
    Person("Grace Kim", "square", (-1.9,), event="no_show"),
    Person(OFF, "calendly", (1.1,), event="cancelled"),
    Person("Marco Rossi", "site", (2.1,), event="cancelled"),
    Person("Leila Haddad", "calcom", (1.2,), event="rescheduled"),
    Person("Oskar Nowak", "acuity", (4.0,), event="rescheduled"),
    Person(CORRECTED, "square", (2.2,), event="address"),
    # today
    Person("Ruth Cohen", "cliniko", (-0.15,)),
    Person("Owen Hughes", "mindbody", (-0.1,), NECK),
    Person("Aiko Mori", "calcom", (0.1,), KNEE),
    Person(HALF, "calendly", (0.15,), NECK, screens=4),
    Person("Luis Ortega", "acuity", (0.2,), None, language="es"),
    Person("Nina Petrova", "square", (0.25,), None, email=UNTOUCHED),
    # coming, and never a word
    Person("Tariq Aziz", "cliniko", (3.0,), None),
    Person("Mia Larsen", "site", (4.2,), None),
    Person("Joao Silva", "calcom", (5.0,), screens=2),
    Person("Ewa Lis", "acuity", (6.1,)),
    # little is asked
    Person("Ida Holm", "calcom", (1.0,), service="relaxation-60"),
    Person("Paul Gray", "site", (-3.1,), service="relaxation-60"),
    Person("Vera Blum", "calendly", (2.0,), None, service="gift-card"),
)
