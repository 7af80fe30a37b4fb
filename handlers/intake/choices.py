"""What a client agreed to, takes back or gives again, and asks the clinic for, by a personal link."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers.answers import FULL, effective
from handlers.context import Context
from handlers.intake import reached
from handlers.plans import drafting
from schemas.booking import Booking
from schemas.client_request import WRONG, ClientRequest, RequestKind
from schemas.delivery import WAITING, Purpose
from schemas.forms.questionnaire import QuestionType
from schemas.intake import Intake
from store import audit, bookings, checkins, client_requests, clients, deliveries, intakes, plans
from store.base import Tx
from store.vault import SealBroken

CHANNELS = tuple(reached.CONSENT.values())
ASKED = (RequestKind.copy, RequestKind.correction, RequestKind.erasure)
"""What a client asks for; the rest are consents."""
MOST_OPEN = 5
"""How many corrections of one client may wait."""
MOST_CHANGES, DAY = 20, timedelta(days=1)
"""How often a client changes their mind in a day; beyond it, a person at the clinic is to be asked."""
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Shown:
    """One consent as it stands now: its words, whether it is given, and since when."""

    id: str
    label: str
    yes: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """How much of each kind is kept about a client; nothing of what stands in it."""

    visits: int
    forms: int
    plans: int
    checkins: int
    messages: int


def consents(tx: Tx, context: Context, client_id: int, language: str) -> list[Shown]:
    """Every consent that the client was asked for, in the order of the form."""
    family = clients.family(tx, client_id)
    forms = intakes.done_of_client(tx, family)
    if not forms:
        return []
    now, made = effective(tx, forms[-1]), client_requests.of_client(tx, family)
    asked = labels(context, language)
    return [
        Shown(name, label, now[name] == "yes", _since(name, forms, made))
        for name, label in asked.items()
        if name in now
    ]


def labels(context: Context, language: str) -> Mapping[str, str]:
    """The words of every consent that the clinic's forms ask for; the full form's come first."""
    library = context.library(language)
    forms = sorted(library.questionnaires, key=lambda name: name != FULL)
    found = (question for name in forms for question in library.questionnaires[name].questions())
    labels: dict[str, str] = {}
    for question in found:
        if question.type is QuestionType.CONSENT:
            labels.setdefault(question.id, question.label)
    return labels


def _since(name: str, forms: Sequence[Intake], made: Sequence[ClientRequest]) -> datetime:
    """When the client last decided about a consent: in a form, or on the page of the choices."""
    said = [each.submitted_at for each in forms if name in each.answers and each.submitted_at]
    said += [each.said_at for each in made if each.kind is RequestKind.consent and each.what == name]
    return max(said)


def kept(tx: Tx, client_id: int) -> Kept:
    """How much is kept, by kind."""
    family = clients.family(tx, client_id)
    return Kept(
        visits=sum(len(bookings.of_client(tx, each)) for each in family),
        forms=len(intakes.done_of_client(tx, family)),
        plans=sum(each.sent_at is not None for each in plans.of_client(tx, family)),
        checkins=sum(each.answered_at is not None for each in checkins.of_client(tx, family)),
        messages=deliveries.count_sent(tx, family),
    )


def decide(tx: Tx, context: Context, client_id: int, consent: str, yes: bool, now: datetime) -> bool:
    """Withdraw a consent, or give it again; False where it stands so already, or was never asked for.

    A consent to a way of writing takes effect by itself; of every other one a person at the clinic hears.
    """
    shown = {each.id: each for each in consents(tx, context, client_id, context.clinic.language)}
    made = client_requests.of_client(tx, clients.family(tx, client_id))
    before = [each for each in made if each.kind is RequestKind.consent]
    lately = [each for each in before if each.said_at > now - DAY]
    if consent not in shown or shown[consent].yes is yes or len(lately) >= MOST_CHANGES:
        return False
    for each in before:  # somebody hears of what holds now
        if each.what == consent and each.settled_at is None:
            client_requests.settle(tx, each.id, [each.kind], "client", now)
    _keep(tx, client_id, consent, yes, now)
    audit.add(tx, "client", "consent_given" if yes else "consent_withdrawn", f"client:{client_id}", now)
    for booking in _open_visits(tx, client_id):
        if yes and consent in CHANNELS:
            reached.agreed_again(tx, context, booking, {consent: "yes"}, now)
        drafting.draft(tx, context, booking.id, now)
    return True


def given(tx: Tx, context: Context, client_id: int) -> set[str]:
    """The consents that stand; none where a form of before does not open."""
    try:
        return {each.id for each in consents(tx, context, client_id, context.clinic.language) if each.yes}
    except SealBroken:
        return set()


def note_denied(tx: Tx, context: Context, client_id: int, before: set[str], now: datetime) -> None:
    """A form denies what stood `before`: a decision like one on the page of the choices, and kept as one.

    The form itself may be lost with a restore; the journal keeps what was decided.
    """
    for each in sorted(before - given(tx, context, client_id)):
        _keep(tx, client_id, each, False, now, settled=True)


def _keep(tx: Tx, client_id: int, consent: str, yes: bool, now: datetime, *, settled: bool = False) -> None:
    done = settled or consent in CHANNELS
    client_requests.add(tx, client_id, RequestKind.consent, now, what=consent, yes=yes, settled=done)


def withdrawn(tx: Tx, context: Context) -> Iterator[tuple[int, str]]:
    """Every consent that was taken back and not given again: client and consent, of joined clients each."""
    for client_id in client_requests.who_decided(tx):
        taken_back = _taken_back(tx, context, client_id)
        for each in clients.family(tx, client_id):
            yield from ((each, consent) for consent in taken_back)


def _taken_back(tx: Tx, context: Context, client_id: int) -> list[str]:
    """By the forms and by what was decided since; by the latter alone where a form does not open."""
    try:
        shown = consents(tx, context, client_id, context.clinic.language)
    except SealBroken:
        made = client_requests.of_client(tx, clients.family(tx, client_id))
        last = {each.what: each.yes for each in made if each.kind is RequestKind.consent}
        return [name for name, yes in last.items() if name and not yes]
    return [each.id for each in shown if not each.yes]


def withdraw_again(tx: Tx, context: Context, client_id: int, lost: Sequence[str], now: datetime) -> int:
    """Take those of these consents back that stand since a restore; returns how many."""
    shown = consents(tx, context, client_id, context.clinic.language)
    again = [each.id for each in shown if each.yes and each.id in lost]
    for each in again:
        _keep(tx, client_id, each, False, now)
    for booking in _open_visits(tx, client_id) if again else ():
        drafting.draft(tx, context, booking.id, now)
    return len(again)


def _open_visits(tx: Tx, client_id: int) -> list[Booking]:
    """The visits whose plan has not gone out, and is not settled otherwise."""
    rows = [row for each in clients.family(tx, client_id) for row in bookings.of_client(tx, each)]
    found = [
        row.id
        for row in rows
        if any(
            each.purpose is Purpose.plan and each.status in WAITING
            for each in deliveries.of_booking(tx, row.id)
        )
    ]
    return [booking for each in found if (booking := bookings.get(tx, each))]


def ask(tx: Tx, client_id: int, kind: RequestKind, now: datetime, what: str = "", words: str = "") -> bool:
    """Ask the clinic for something; False where it waits already, or says nothing."""
    said = " ".join(words.split())[:LONGEST]
    if kind is RequestKind.correction and (what not in WRONG or not said):
        return False
    waiting = [
        each
        for each in client_requests.of_client(tx, clients.family(tx, client_id))
        if each.kind is kind and each.settled_at is None
    ]
    if any((each.what, each.words) == (what, said) for each in waiting) or len(waiting) >= MOST_OPEN:
        return False
    client_requests.add(tx, client_id, kind, now, what=what, words=said)
    audit.add(tx, "client", f"asked_{kind}", f"client:{client_id}", now)
    return True


def settle(tx: Tx, request_id: int, kinds: Sequence[RequestKind], by: str, now: datetime) -> bool:
    """Somebody at the clinic is done with it; False where somebody was first."""
    if not client_requests.settle(tx, request_id, kinds, by, now):
        return False
    audit.add(tx, by, "request_settled", f"request:{request_id}", now)
    return True
