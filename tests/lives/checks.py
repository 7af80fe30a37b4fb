"""What holds at every moment of a life."""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from handlers import links
from handlers.answers import picture
from handlers.clients import privacy
from handlers.intake import form, summary
from handlers.links import Fate, LinkPurpose
from handlers.plans import drafting, page
from handlers.schedule import due
from schemas.booking import BookingStatus
from schemas.delivery import Delivery, Purpose
from schemas.intake import IntakeStatus
from schemas.rules import Severity
from store import attendances, bookings, clients, contacts, deliveries, erase, intakes
from store.base import Tx
from store.tables import clients as clients_table
from store.tables import metadata
from tests.lives.people import Human
from tests.lives.post import Sent

if TYPE_CHECKING:
    from tests.lives.life import Life, Visit

SETTLES = timedelta(minutes=1)


def everything(life: "Life") -> None:
    """All of it, in one look at the database."""
    with life.desk.context.db.read() as tx:
        made = life.desk.delivered(tx)
        nobody_holds_what_another_said(tx, life)
        what_is_made_for_a_visit_is_of_one_person(tx, life)
        one_message_one_identity_one_recipient(life, made)
        each_mail_names_its_person(tx, life, made)
        nothing_where_it_was_stopped(life)
        nothing_after_the_end(tx, life, made)
        asked_once(tx, life, made)
        no_plan_beside_a_stop(tx, life, made)
        if life.settled and not life.held and not life.unread:
            each_visit_is_its_persons(tx, life)
            everybody_is_asked(tx, life, made)
            links_work_to_their_end(tx, life, made)
            dead_links_stay_dead(tx, life, made)


# ---------------------------------------------------------------- who is who


def clients_of(tx: Tx) -> list[int]:
    """Everybody who was not erased."""
    rows = tx.all(sa.select(clients_table.c.id).where(clients_table.c.erased_at.is_(None)))
    return [row.id for row in rows]


def whose(tx: Tx, life: "Life", client_id: int) -> Human | None:
    """Who a client is, by the name."""
    name = str(clients.get(tx, client_id).name).casefold()
    return next((each for each in life.humans if each.given.casefold() in name), None)


def unsettled(tx: Tx, life: "Life") -> bool:
    """True while staff are asked about somebody."""
    return bool(attendances.unsettled(tx))


def words_in(life: "Life", text: str) -> set[str]:
    """Whose words stand in a text."""
    return {each.given for each in life.humans if each.word in text}


# ---------------------------------------------------------------- nothing is mixed


def nobody_holds_what_another_said(tx: Tx, life: "Life") -> None:
    """What hangs on a client was said by this client."""
    for client_id in clients_of(tx):
        who = whose(tx, life, client_id)
        said = json.dumps([each.answers for each in intakes.of_clients(tx, [client_id])])
        assert words_in(life, said) <= ({who.given} if who else set()), (client_id, who, words_in(life, said))


def what_is_made_for_a_visit_is_of_one_person(tx: Tx, life: "Life") -> None:
    """Summary, earlier answers and what a plan is made of are of the client who comes."""
    context, now = life.desk.context, life.desk.now
    for visit in life.visits:
        booking = life.desk.booking_of(tx, visit.number)
        intake = intakes.of_booking(tx, booking.id) if booking else None
        if booking is None or intake is None:
            continue
        who = whose(tx, life, booking.client_id)
        seen = picture(tx, context, booking, intake, now)
        made = drafting.case_of(tx, context, booking, seen, now)
        asked = form.open_intake(tx, context, booking.id, now)
        told = summary.for_visit(tx, context, booking.id, now)
        text = repr((seen.answers, made.answers, asked.before if asked else "", told))
        assert words_in(life, text) <= ({who.given} if who else set()), (visit.number, who, text)
        pain = made.history.state.pain_at_start if made.history and made.history.state else None
        assert pain is None or who is None or str(pain) == who.pain, (visit.number, pain)


def exports(life: "Life") -> None:
    """What somebody takes home is their own."""
    with life.desk.context.db.read() as tx:
        everybody = {each: whose(tx, life, each) for each in clients_of(tx)}
        settled = not unsettled(tx, life)
    for client_id, who in everybody.items():
        found = privacy.export(life.desk.context, client_id, "staff", life.desk.now)
        names = settled and life.scheduler != "easyappointments"
        for table, rows in (found or {}).items():
            text = json.dumps(rows).casefold()
            for each in life.humans:
                alien = each.word in text or (names and each.given.casefold() in text)
                assert each is who or not alien, (who, each.given, table, text)


# ---------------------------------------------------------------- messages


def one_message_one_identity_one_recipient(life: "Life", made: dict[str, Delivery]) -> None:
    """A Message-ID has one recipient and one text; a message has one Message-ID."""
    by_identity: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for each in life.desk.post.sent:
        by_identity[each.identity].add((each.kind, each.to))
    assert all(len(found) == 1 for found in by_identity.values()), by_identity
    slots: dict[object, set[str]] = defaultdict(set)
    for identity, delivery in made.items():
        slots[delivery.booking_id, delivery.key.slot].add(identity)
    assert all(len(found) == 1 for found in slots.values()), slots


def each_mail_names_its_person(tx: Tx, life: "Life", made: dict[str, Delivery]) -> None:
    """It goes to an address of the person whom it is about, and greets nobody else."""
    for each in life.desk.post.to_clients():
        found = made.get(each.identity)
        who = whose(tx, life, found.key.client) if found else None
        if who is None:
            continue
        assert each.to in who.addresses, (each, who)
        greeted = [one.given for one in life.humans if f"Hi {one.given}".casefold() in each.text.casefold()]
        assert greeted in ([], [who.given]), (greeted, who.given, each.kind)


def nothing_where_it_was_stopped(life: "Life") -> None:
    """Who refused everything gets nothing."""
    for each in life.desk.post.to_clients():
        since = life.stopped.get(each.to)
        assert since is None or each.at <= since, each


def nothing_after_the_end(tx: Tx, life: "Life", made: dict[str, Delivery]) -> None:
    """No message about a visit once the word has come in that it is off; none to who was erased."""
    for visit in life.visits:
        booking = life.desk.booking_of(tx, visit.number)
        if visit.heard_off is None or booking is None:
            continue
        for each in life.desk.post.to_clients():
            found = made.get(each.identity)
            if found is not None and found.booking_id == booking.id:
                assert each.at <= visit.heard_off, (visit.number, visit.heard_off, each)
    alive = {address for each in life.humans if not each.gone for address in each.addresses}
    for each in life.desk.post.to_clients():
        gone_at = life.erased.get(each.to)
        assert gone_at is None or each.to in alive or each.at <= gone_at, each


def asked_once(tx: Tx, life: "Life", made: dict[str, Delivery]) -> None:
    """One request for one form to one place, unless the visit that it was for is another's by now."""
    seen: dict[object, set[str]] = defaultdict(set)
    for identity, delivery in made.items():
        if delivery.purpose is Purpose.intake and not delivery.key.resend:
            form = asked_for(tx, delivery)
            if form is not None:
                seen[form, delivery.key.client, delivery.key.recipient].add(identity)
    assert all(len(found) == 1 for found in seen.values()), seen


def asked_for(tx: Tx, delivery: Delivery) -> int | None:
    """The form that a request asks for: one of the visit's own, by its number, else the one that it shares.

    None where the visit is another's by now, or asked for a form that it shared once and shares no more.
    """
    comes, number = attendances.current(tx, delivery.booking_id), int(str(delivery.key.number))
    if comes is None or comes.client_id != delivery.key.client or not comes.intake_id:
        return None
    own = {
        each.number: each.id
        for each in intakes.of_clients(tx, [delivery.key.client])
        if each.booking_id == delivery.booking_id
    }
    if number // due.LATER in own:
        return own[number // due.LATER]
    return None if own else comes.intake_id


def no_plan_beside_a_stop(tx: Tx, life: "Life", made: dict[str, Delivery]) -> None:
    """Nothing about exercises to somebody with a warning sign that nobody has cleared."""
    for each in life.desk.post.to_clients():
        found = made.get(each.identity)
        if found is None or found.purpose not in (Purpose.plan, Purpose.checkin):
            continue
        family = clients.family(tx, found.key.client)
        stops = [row for row in intakes.standing(tx, family) if Severity(row.severity).stops]
        assert not [row for row in stops if row.raised_at < each.at], each


# ---------------------------------------------------------------- once all is known


def each_visit_is_its_persons(tx: Tx, life: "Life") -> None:
    """Who comes by our books is who comes."""
    for visit in life.visits:
        booking = life.desk.booking_of(tx, visit.number)
        comes = attendances.current(tx, booking.id) if booking else None
        if comes is None or booking is None or visit.who.gone:
            continue
        if visit.on:
            known = (booking.status, booking.start)
            assert known == (BookingStatus.confirmed, visit.start), (visit, known)
        if comes.asked is None and not visit.exchanged:
            who = whose(tx, life, comes.client_id)
            assert who is visit.who, (visit, who)


def everybody_is_asked(tx: Tx, life: "Life", made: dict[str, Delivery]) -> None:
    """Whoever comes was asked, unless there is a reason not to."""
    sent = {each.identity for each in life.desk.post.sent}
    for visit in life.visits:
        booking = life.desk.booking_of(tx, visit.number)
        comes = attendances.current(tx, booking.id) if booking else None
        if booking is None or comes is None or not visit.on or visit.who.gone or visit.exchanged:
            continue
        here = set(bookings.together(tx, booking.id))
        seen = max(each.first_seen_at for one in here if (each := bookings.get(tx, one)))
        if seen + SETTLES > life.desk.now or visit.end <= life.desk.now:
            continue
        if comes.since + SETTLES > life.desk.now or comes.asked or visit.who.addresses & life.ever_stopped:
            continue
        intake = intakes.of_booking(tx, booking.id)
        assert intake is not None, visit
        if intake.status is IntakeStatus.done:
            continue
        asking = [
            one
            for identity, one in made.items()
            if identity in sent and one.purpose in (Purpose.intake, Purpose.intake_reminder)
        ]
        mine = [
            one
            for one in asking
            if one.booking_id in here
            and one.key.client == comes.client_id
            and one.key.recipient == comes.email_id
        ]
        every = [one for each in here for one in deliveries.of_booking(tx, each)]
        assert mine, ("never asked", visit, comes, every)


def newest(
    life: "Life", made: dict[str, Delivery], kinds: Iterable[str]
) -> dict[tuple[int, int, int], tuple[Sent, Delivery]]:
    """The newest mail of some kinds, by (booking, client, contact point)."""
    found = {}
    for each in life.desk.post.sent:
        delivery = made.get(each.identity)
        if delivery is not None and each.kind in kinds:
            key = (delivery.booking_id, delivery.key.client, delivery.key.recipient)
            found[key] = (each, delivery)
    return found


def newest_asking(life: "Life", visit: "Visit") -> Sent | None:
    """The newest mail that asks who comes to a visit, at the address that they have now."""
    with life.desk.context.db.read() as tx:
        booking = life.desk.booking_of(tx, visit.number)
        if booking is None:
            return None
        here = set(bookings.together(tx, booking.id))
        made = life.desk.delivered(tx)
    mine = [
        each
        for each in life.desk.post.sent
        if each.kind in ("intake", "intake_reminder") and each.to == visit.who.email
        if (found := made.get(each.identity)) is not None and found.booking_id in here
    ]
    return mine[-1] if mine else None


def links_work_to_their_end(tx: Tx, life: "Life", made: dict[str, Delivery]) -> None:
    """What the newest mail of each kind to who comes now leads to is there."""
    now, context = life.desk.now, life.desk.context
    for kinds, purpose in (
        (("intake", "intake_reminder"), LinkPurpose.intake),
        (("plan",), LinkPurpose.plan),
    ):
        for (booking_id, client, place), (mail, _delivery) in newest(life, made, kinds).items():
            booking, comes = bookings.get(tx, booking_id), attendances.current(tx, booking_id)
            if booking is None or comes is None or booking.status is not BookingStatus.confirmed:
                continue
            if comes.client_id != client or place != comes.email_id or not mail.token:
                continue
            last = [bookings.get(tx, each) for each in bookings.together(tx, booking_id)]
            end = max(each.end for each in last if each) + links.AFTER_VISIT
            if purpose is LinkPurpose.plan:
                end = mail.at + links.LIVES[purpose]
            if now >= end:
                continue
            found = links.look(tx, life.desk.context, purpose, mail.token, now)
            assert found is not None, ("no such link", mail)
            assert found.fate is Fate.open, ("dead link", found, mail, end)
            if purpose is LinkPurpose.intake:
                assert form.open_intake(tx, context, found.subject, now) is not None, ("nothing asked", mail)
            else:
                current = page.current(tx, found.subject)
                assert current.plan or current.paused, ("no plan behind the link", mail)


def dead_links_stay_dead(tx: Tx, life: "Life", made: dict[str, Delivery]) -> None:
    """What was sent to who comes no more, or to an address that was corrected away, opens nothing."""
    for each in life.desk.post.to_clients():
        delivery = made.get(each.identity)
        if delivery is None or each.kind not in ("intake", "intake_reminder"):
            continue
        comes = attendances.current(tx, delivery.booking_id)
        found = links.look(tx, life.desk.context, LinkPurpose.intake, each.token, life.desk.now)
        if comes is None or found is None or found.fate is not Fate.open:
            continue
        point = contacts.get(tx, comes.email_id)
        assert comes.client_id in clients.family(tx, delivery.key.client), (
            "a link of who comes no more",
            each,
        )
        assert point is None or point.value == each.to.casefold(), ("a link to an old address", each, point)


# ---------------------------------------------------------------- erased


def no_trace(life: "Life", human: Human) -> None:
    """No column, open or sealed, speaks of the person."""
    shared = {address for each in life.humans if each is not human for address in each.addresses}
    needles = {human.word, human.given.casefold(), *(human.addresses - shared)}
    with life.desk.context.db.read() as tx:
        for table in metadata.sorted_tables:
            for row in tx.all(sa.select(table)):
                text = json.dumps(erase._opened(tx, table, row), default=str).casefold()
                assert not [each for each in needles if each in text], (table.name, text[:600])
