"""Who comes to a booking: recognised, corrected, handed over, or asked about (docs/people.md).

Nothing that belongs to a person is ever re-pointed: another person begins an attendance of their own.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from clinical import identity
from clinical.identity import Names
from handlers.clients import contacts
from handlers.context import Context
from schemas.booking import Person
from schemas.identity import Change, Match, Verdict
from schemas.notions.phone import e164
from schemas.person import Arrival, Attendance, Doubt
from store import attendances, audit, client_words, clients, intakes, plans
from store.base import Tx

DOUBTS = {Change.nickname: Doubt.name, Change.address_taken: Doubt.address, Change.too_little: Doubt.little}


def attend(
    tx: Tx, context: Context, booking_id: int, said: Person, now: datetime, *, shared_row: bool = False
) -> Attendance:
    """Who comes to a booking, now that its scheduler describes the person so.

    `shared_row`: the scheduler keeps one row for everybody with the same address, and renames it with each
    new booking; so a new name there does not say that the visit was handed over.
    """
    current = attendances.current(tx, booking_id)
    if current is None:
        return _first(tx, context, booking_id, said, now)
    known = clients.person(clients.get(tx, current.client_id))
    if _alike(current.said or known, said):
        return _as_before(tx, context, current, said, now)
    if current.asked is not None and _alike(current.asked, said):
        return current
    before = _fullest(context, current.said or known, known)
    match = _compared(tx, context, before, said, current.client_id)
    if shared_row and match.verdict is Verdict.another and _same_address(before, said):
        match = Match(Verdict.unsure, Change.nickname)
    if match.verdict is Verdict.same:
        doubt = Doubt.none if current.asked is not None else current.unsure
        return recognise(tx, context, current, said, now, doubt)
    if match.verdict is Verdict.another:
        return hand_over(tx, context, current, said, now)
    return _doubted(tx, context, current, said, match, now)


def _fullest(context: Context, said: Person, known: Person) -> Person:
    """What the scheduler said last, with what it left out and we know of the client.

    Else Ann Lee would become Lee, or nobody, and then Ben Lee.
    """
    fits = identity.related(known.name, said.name, context.names) in (Names.equal, Names.part, Names.unknown)
    shorter = fits and not _says_as_much(context, known.name, said.name)
    return replace(said, name=known.name if shorter else said.name, email=said.email or known.email)


def _says_as_much(context: Context, known: str, said: str) -> bool:
    letters, before = (sum(map(len, identity.folded(name, context.names))) for name in (said, known))
    return letters >= before


def _alike(one: Person, other: Person) -> bool:
    return (one.name, contacts.address(one.email), one.phone) == (
        other.name,
        contacts.address(other.email),
        other.phone,
    )


def _same_address(one: Person, other: Person) -> bool:
    return contacts.address(one.email) == contacts.address(other.email)


def _as_before(tx: Tx, context: Context, current: Attendance, said: Person, now: datetime) -> Attendance:
    """Nothing new about the person; a question to staff that the scheduler took back is gone."""
    spoken = Person("", zone=said.zone, language=said.language)
    clients.describe(tx, current.client_id, spoken, context.clinic.country)
    if current.said is None or current.asked is not None:
        return recognise(tx, context, current, said, now, Doubt.none)
    return current


@dataclass(frozen=True, slots=True)
class Who:
    """The client who comes, why that is not certain, and whether nobody knew them before."""

    client_id: int
    doubt: Doubt = Doubt.none
    new: bool = False


def whose(tx: Tx, context: Context, said: Person, now: datetime) -> Who:
    """Whose a new booking is: a client who is reached there and is the same person, or a new one."""
    known, doubt = known_client(tx, context, said)
    if known is None:
        return Who(clients.make(tx, _kept(context, said), context.clinic.country, now), new=True)
    if not doubt:
        _describe(tx, context, known, said)
    return Who(known, doubt)


def begin(tx: Tx, context: Context, booking_id: int, who: Who, said: Person, now: datetime) -> Attendance:
    """They come to it from now on."""
    return attendances.begin(tx, booking_id, _arrival(tx, context, who, said, now))


def begin_new(tx: Tx, context: Context, booking_id: int, who: Who, said: Person, now: datetime) -> Attendance:
    """The same for a booking that was just made for them."""
    return attendances.begin_new(tx, booking_id, _arrival(tx, context, who, said, now))


def _arrival(tx: Tx, context: Context, who: Who, said: Person, now: datetime) -> Arrival:
    return Arrival(who.client_id, said, now, **contacts.reached_at(tx, context, said, now), unsure=who.doubt)


def _first(tx: Tx, context: Context, booking_id: int, said: Person, now: datetime) -> Attendance:
    return begin(tx, context, booking_id, whose(tx, context, said, now), said, now)


def known_client(tx: Tx, context: Context, said: Person) -> tuple[int | None, Doubt]:
    """The client who is reached there and is the same person, and whether that is certain."""
    if contacts.is_placeholder(said.email, context.clinic):
        said = replace(said, email="")
    emails = [contacts.address(said.email)] if said.email.strip() else []
    phones = list(filter(None, {said.phone, e164(said.phone, context.clinic.country) or ""}))
    found: dict[Verdict, list[int]] = {verdict: [] for verdict in Verdict}
    for row in clients.reached_at(tx, emails, phones) if emails or phones else []:
        match = _judged(tx, context, row.id, clients.person(row), said, same_booking=False)
        if match.change is not Change.too_little:
            root = clients.root(tx, row.id)
            found[match.verdict] += [] if root in found[match.verdict] else [root]
    if len(found[Verdict.same]) == 1:
        return found[Verdict.same][0], Doubt.none
    doubtful = found[Verdict.same] or found[Verdict.unsure]
    return (doubtful[0], Doubt.name) if doubtful else (None, Doubt.none)


def _compared(tx: Tx, context: Context, before: Person, said: Person, client_id: int) -> Match:
    taken = _taken(tx, context, said, client_id)
    return _judged(tx, context, client_id, before, said, same_booking=True, taken=taken)


def _judged(
    tx: Tx,
    context: Context,
    client_id: int,
    before: Person,
    said: Person,
    *,
    same_booking: bool,
    taken: bool = False,
) -> Match:
    """As the rule says; of a spelling that was asked about and is theirs, nobody is asked again."""
    how = {"same_booking": same_booking, "taken": taken}
    match = identity.compare(before, said, context.names, **how)
    doubted = match.verdict is Verdict.unsure and match.change is Change.nickname
    spelling = identity.spelling(said.name, context.names)
    if not doubted or not client_words.accepted(tx, clients.family(tx, client_id), spelling):
        return match
    return identity.compare(replace(before, name=said.name), said, context.names, **how)


def remember(tx: Tx, context: Context, client_id: int, name: str, *, same: bool) -> None:
    """It was said for certain that a client is called so, or is not."""
    spelling = identity.spelling(name, context.names)
    if same:
        client_words.accept(tx, client_id, spelling)
    else:
        client_words.refuse(tx, clients.family(tx, client_id), spelling)


def _taken(tx: Tx, context: Context, said: Person, client_id: int) -> bool:
    """True where the address is another client's, under another name."""
    there = clients.reached_at(tx, [contacts.address(said.email)], []) if said.email.strip() else []
    family = clients.family(tx, client_id)
    others = [row.name for row in there if row.id not in family]
    return any(identity.related(name, said.name, context.names) is not Names.equal for name in others)


def recognise(
    tx: Tx, context: Context, current: Attendance, said: Person, now: datetime, unsure: Doubt = Doubt.none
) -> Attendance:
    """The same client, as described now: a corrected name or address takes effect.

    While it is not certain, the client stays as we know them: the form's first screen asks by that name.
    """
    news = _news(current.said, said)
    at = contacts.reached_at(tx, context, news, now)
    kept = {"email_id": at["email_id"] or current.email_id, "phone_id": at["phone_id"] or current.phone_id}
    attendances.recognise(tx, current.id, said, **kept, unsure=unsure)
    if not unsure:
        _describe(tx, context, current.client_id, news)
    found = attendances.current(tx, current.booking_id)
    assert found is not None
    return found


def _news(before: Person | None, said: Person) -> Person:
    """What is said now without an address or number said before: the client may have named another since."""
    if before is None:
        return said
    email = "" if contacts.address(before.email) == contacts.address(said.email) else said.email
    return replace(said, email=email, phone="" if before.phone == said.phone else said.phone)


def _describe(tx: Tx, context: Context, client_id: int, said: Person) -> None:
    """What is newly known. The best spelling of the name is kept, and the client is found by each."""
    known = clients.person(clients.get(tx, client_id)).name
    theirs = _is_theirs(tx, context, client_id, known, said.name)
    name = identity.fuller(known, said.name, context.names) if theirs else ""
    clients.describe(tx, client_id, _kept(context, replace(said, name=name)), context.clinic.country)
    if theirs:
        client_words.spelt(tx, client_id, said.name)


def _is_theirs(tx: Tx, context: Context, client_id: int, known: str, said: str) -> bool:
    """True for a name of this client: not for that of a client who was joined, and may be parted again."""
    how = identity.related(known, said, context.names)
    if how is Names.doubtful:
        return client_words.accepted(tx, [client_id], identity.spelling(said, context.names))
    return how not in (Names.family, Names.other)


def _kept(context: Context, said: Person) -> Person:
    """A person as we keep them: no placeholder for an address, a number that everybody writes alike."""
    email = "" if contacts.is_placeholder(said.email, context.clinic) else said.email
    return replace(said, email=email, phone=e164(said.phone, context.clinic.country) or said.phone)


def hand_over(tx: Tx, context: Context, current: Attendance, said: Person, now: datetime) -> Attendance:
    """Another person comes: what the first one said stays theirs, and the visit starts again."""
    audit.add(tx, "scheduler", "handed_over", f"booking:{current.booking_id}", now)
    attendances.end(tx, current.booking_id, now)
    return _first(tx, context, current.booking_id, said, now)


def _doubted(
    tx: Tx, context: Context, current: Attendance, said: Person, match: Match, now: datetime
) -> Attendance:
    """Nothing answered yet: as the same person, and the form's first screen asks. Else staff are asked."""
    doubt = DOUBTS[match.change]
    if not _answered(tx, current):
        return recognise(tx, context, current, said, now, doubt)
    attendances.ask(tx, current.id, said, doubt)
    return replace(current, asked=said, unsure=doubt)


def _answered(tx: Tx, current: Attendance) -> bool:
    """True once the client has sent the form for this visit, or has a plan from it."""
    intake = intakes.get(tx, current.intake_id) if current.intake_id else None
    return bool(intake and intake.done) or plans.newest(tx, current.booking_id) is not None


def settle(tx: Tx, context: Context, booking_id: int, by: str, now: datetime, *, same: bool) -> Attendance:
    """Staff say whether the person about whom was asked is the same. Raises LookupError where nobody asks."""
    current = attendances.current(tx, booking_id)
    if current is None or current.asked is None:
        raise LookupError("Nobody asks who comes to this booking any more.")
    audit.add(tx, by, "same_person" if same else "another_person", f"booking:{booking_id}", now)
    for name in {current.asked.name, current.said.name if same and current.said else current.asked.name}:
        remember(tx, context, current.client_id, name, same=same)
    if same:
        return recognise(tx, context, current, current.asked, now)
    who = somebody_else(tx, context, current, current.asked, now)
    return begin(tx, context, booking_id, who, current.asked, now)


def somebody_else(tx: Tx, context: Context, current: Attendance, said: Person, now: datetime) -> Who:
    """Whose a visit is that is certainly not the one's who came: a client reached there, or a new one."""
    known, doubt = known_client(tx, context, said)
    if known is None or doubt or known in clients.family(tx, current.client_id):
        return Who(clients.make(tx, _kept(context, said), context.clinic.country, now), new=True)
    return Who(known)


def for_somebody_else(tx: Tx, context: Context, booking_id: int, name: str, now: datetime) -> Attendance:
    """Whoever opened the form said that the visit is another person's, reached at the same places.

    Who was a client before is asked on the first screen all the same: a name alone opens nobody's history.
    """
    current = attendances.current(tx, booking_id)
    assert current is not None
    audit.add(tx, "client", "for_somebody_else", f"booking:{booking_id}", now)
    said = replace(current.said or clients.person(clients.get(tx, current.client_id)), name=name)
    who = somebody_else(tx, context, current, said, now)
    comes = Arrival(who.client_id, current.said or said, now, current.email_id, current.phone_id)
    began = attendances.begin(tx, booking_id, comes)
    if who.new:
        attendances.confirm(tx, began.id, now)
    return began


def learn_phone(tx: Tx, context: Context, booking_id: int, number: str, now: datetime) -> None:
    """The number at which the client can be called, where the scheduler named none; they are found by it.

    Texts go there only when it was confirmed.
    """
    current = attendances.current(tx, booking_id)
    if current is not None:
        client_words.also(tx, current.client_id, number, context.clinic.country)
    place = contacts.phone_of(tx, context, number, now)
    if current is not None and place is not None and not clients.get(tx, current.client_id).phone:
        kept = _kept(context, Person("", phone=number))
        clients.describe(tx, current.client_id, kept, context.clinic.country)
