"""What was seen in real clinics, one behaviour a test: what belongs to a person hangs on the person."""

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from handlers import links
from handlers.answers import effective
from handlers.bookings import inbox
from handlers.clients import contacts, people, privacy
from handlers.clients.privacy import StillThere
from handlers.context import Context
from handlers.intake import form, summary
from handlers.links import Fate, LinkPurpose
from handlers.plans import page
from handlers.schedule import due, settle
from handlers.send import outbox
from handlers.worker import journal, restore, work
from schemas.booking import Booking, Person
from schemas.delivery import Channel, Delivery, DeliveryStatus, Purpose
from schemas.intake import IntakeStatus
from schemas.person import Doubt
from schemas.reason import Reason
from store import attendances, bookings, client_words, clients, connections, deliveries, erase, intakes
from store.base import Tx
from store.tables import metadata
from store.views import board, days
from tests.helpers.answers import TAPPED, UPDATE, fill_in
from tests.helpers.clinic import NOW
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import receive, schedule_of, webhook
from tests.helpers.worlds import World

SOON = timedelta(minutes=1)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
SITE = "site"


def comes(context: Context, event: str, now: datetime, **visit: Any) -> None:
    """A webhook of our own kind comes in, and the worker looks."""
    receive(context, webhook(event, now, connection=SITE, **visit), now=now)
    work.work_once(context, now)


def named(context: Context, uid: str, connection: str = SITE) -> Booking:
    """The booking with this identifier."""
    with context.db.read() as tx:
        (record,) = bookings.named(tx, connection, uid)
        found = bookings.get(tx, record.booking_id or 0)
    assert found is not None
    return found


def booked(context: Context, uid: str, now: datetime = NOW, **visit: Any) -> Booking:
    """A visit is booked, and what is due within a minute is sent."""
    comes(context, "created", now, uid=uid, **visit)
    work.work_once(context, now + SOON)
    return named(context, uid)


def token(mail: EmailMessage) -> str:
    """The token of a mail's personal link."""
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"https://care\.test/[ipc]/([A-Za-z0-9_-]{32})", body.get_content())
    assert found is not None
    return found[1]


def fate(
    context: Context, mail: EmailMessage, now: datetime, purpose: LinkPurpose = LinkPurpose.intake
) -> Fate:
    """What became of a mail's link."""
    with context.db.read() as tx:
        found = links.look(tx, context, purpose, token(mail), now)
    assert found is not None
    return found.fate


def to(mailbox: Mailbox, address: str, kind: str = "intake") -> list[EmailMessage]:
    """The mails of a kind that went to an address."""
    return [each for each in mailbox.of(kind) if each["To"] == address]


def export(context: Context, booking: Booking) -> str:
    """Everything about who comes to a booking, as text."""
    return json.dumps(privacy.export(context, booking.client_id, "mara", NOW), ensure_ascii=False)


def after(booking: Booking) -> datetime:
    """When the plan of a visit has gone out."""
    return booking.end + timedelta(hours=1)


# ---------------------------------------------------------------- another spelling


def test_the_best_spelling_greets_and_every_spelling_is_found_and_erased(
    context: Context, mailbox: Mailbox
) -> None:
    first = booked(context, "u1", name="Zoe Fjeld")
    for number, name in enumerate(("Z. Field", "ZOE FIELD", "Zoë Feild", "Zoë Field", "Field, Zoe", "zoe")):
        comes(context, "updated", NOW + (number + 2) * SOON, uid="u1", name=name)
    later = booked(context, "u2", NOW + WEEK, name="Z. FIELD", start=NOW + timedelta(days=40))
    assert later.client_id == first.client_id
    body = to(mailbox, "zoe@example.org")[-1].get_body(("plain",))
    assert body is not None
    assert "Hi Zoë Field," in body.get_content()
    with context.db.read() as tx:
        assert clients.get(tx, first.client_id).name == "Zoë Field"
        for asked in ("fjeld", "feild zoe", "z field", "Zoë"):
            assert [row.id for row in client_words.find(tx, asked, "US")] == [first.client_id], asked
    assert privacy.erase(context, first.client_id, "mara", NOW + WEEK + WEEK) is not None
    assert not re.search("zoe|zoë|fjeld|feild|field,", everything(context).casefold())


def sure(context: Context, uid: str, client_id: int) -> bool:
    """Whether it is certain that this client comes."""
    with context.db.read() as tx:
        found = attendances.current(tx, named(context, uid).id)
    assert found is not None
    assert found.client_id == client_id
    return found.unsure is Doubt.none and found.asked is None


def test_a_nickname_about_which_staff_were_asked_is_asked_about_no_more_until_they_say_another(
    context: Context,
) -> None:
    first = booked(context, "u1", name="Robert Reed")
    fill_in(context, first, NOW + SOON)
    comes(context, "updated", NOW + DAY, uid="u1", name="Bob Reed")
    assert not sure(context, "u1", first.client_id)
    with context.db.begin() as tx:
        people.settle(tx, context, first.id, "mara", NOW + DAY, same=True)
    for number, name in enumerate(("Bob Reed", "REED, BOB", "Mr Bob Reed"), start=2):
        booked(context, f"u{number}", NOW + number * DAY, name=name, start=NOW + 40 * number * DAY)
        assert sure(context, f"u{number}", first.client_id)
    comes(context, "updated", NOW + 9 * DAY, uid="u1", name="Robert Reed")
    assert sure(context, "u1", first.client_id)
    booked(context, "u7", NOW + 9 * DAY, name="Rob Reed", start=NOW + 300 * DAY)
    assert not sure(context, "u7", first.client_id), "another spelling is another question"
    comes(context, "updated", NOW + 10 * DAY, uid="u1", name="Rob Reed")
    with context.db.begin() as tx:
        people.settle(tx, context, first.id, "mara", NOW + 10 * DAY, same=False)
        people.remember(tx, context, first.client_id, "Bob Reed", same=False)
    booked(context, "u8", NOW + 11 * DAY, name="Bob Reed", start=NOW + 400 * DAY)
    assert not sure(context, "u8", first.client_id)
    assert privacy.erase(context, first.client_id, "mara", NOW + 12 * DAY) is not None


def test_a_son_who_gave_his_date_of_birth_is_not_asked_whether_he_is_his_father_again(
    context: Context,
) -> None:
    first = booked(context, "u1", name="John Reed Jr")
    fill_in(context, first, NOW + SOON)
    for number, name in enumerate(("John Reed", "JOHN REED"), start=2):
        now = first.end + 40 * number * DAY
        later = booked(context, f"u{number}", now, name=name, start=now + 5 * DAY)
        assert sure(context, f"u{number}", first.client_id) is (number > 2)
        with context.db.begin() as tx:
            asked = form.open_intake(tx, context, later.id, now)
            assert asked is not None
            assert asked.ask is not None
            assert asked.ask.birthday is (number == 2)
            said = intakes.of_clients(tx, [first.client_id])[0].answers["date_of_birth"]
            assert form.for_me(tx, context, asked, str(said), now)
    other = booked(context, "u9", now, name="John Reed Sr", start=now + 50 * DAY)
    assert not sure(context, "u9", other.client_id)


def test_a_client_who_is_joined_with_another_keeps_the_own_name(context: Context) -> None:
    first = booked(context, "u1", name="王伟", email="w@example.org")
    second = booked(context, "u2", name="李娜", email="w@example.org", start=NOW + timedelta(days=40))
    assert first.client_id != second.client_id
    with context.db.begin() as tx:
        settle.join(tx, context, first.client_id, second.client_id, "mara", NOW + DAY)
    booked(context, "u3", NOW + DAY, name="李娜", email="w@example.org", start=NOW + timedelta(days=80))
    comes(context, "updated", NOW + 2 * DAY, uid="u3", name="李娜", email="w@example.org")
    with context.db.begin() as tx:
        settle.part(tx, context, second.client_id, "mara", NOW + 3 * DAY)
    later = booked(
        context, "u4", NOW + 3 * DAY, name="李娜", email="w@example.org", start=NOW + timedelta(days=120)
    )
    assert later.client_id == second.client_id
    with context.db.read() as tx:
        assert [clients.get(tx, each.client_id).name for each in (first, second)] == ["王伟", "李娜"]


def test_a_question_that_the_scheduler_takes_back_in_another_spelling_is_gone(context: Context) -> None:
    first = booked(context, "u1", name="Robert Reed")
    fill_in(context, first, NOW + SOON)
    comes(context, "updated", NOW + DAY, uid="u1", name="Bob Reed")
    assert not sure(context, "u1", first.client_id)
    comes(context, "updated", NOW + 2 * DAY, uid="u1", name="Reed, Robert")
    assert sure(context, "u1", first.client_id)


# ---------------------------------------------------------------- another person


@pytest.mark.parametrize("back", [False, True])
def test_that_a_form_can_be_read_goes_out_only_for_who_comes(
    context: Context, mailbox: Mailbox, back: bool
) -> None:
    first = booked(context, "u1")
    fill_in(context, first, NOW + SOON)
    comes(context, "updated", NOW + SOON, uid="u1", name="Ben Ash", email="ben@example.org")
    work.work_once(context, NOW + 2 * SOON)
    assert mailbox.of("summary") == []
    assert schedule_of(context, first)["summary:0"].reason is Reason.handed_over
    if back:
        comes(context, "updated", NOW + 3 * SOON, uid="u1")
    for number in range(4, 7):
        work.work_once(context, NOW + number * SOON)
    assert len(mailbox.of("summary")) == back


def test_an_answered_visit_that_is_handed_over_is_asked_anew_and_nothing_changes_hands(
    context: Context, mailbox: Mailbox
) -> None:
    first = booked(context, "u1")
    fill_in(context, first, NOW + SOON, goal_text="only Zoë knows this")
    comes(context, "updated", NOW + 2 * SOON, uid="u1", name="Ben Ash", email="ben@example.org")
    work.work_once(context, NOW + 3 * SOON)
    second = named(context, "u1")
    assert (second.id, second.client_id != first.client_id) == (first.id, True)
    assert len(to(mailbox, "ben@example.org")) == 1
    assert fate(context, to(mailbox, "zoe@example.org")[0], NOW + 3 * SOON) is Fate.not_theirs
    with context.db.read() as tx:
        asked = form.open_intake(tx, context, second.id, NOW + 3 * SOON)
        assert asked is not None
        assert (asked.questionnaire.id, asked.answers, asked.before) == ("first_visit", {}, {})
        assert summary.for_visit(tx, context, second.id, NOW + 3 * SOON) is None
    work.work_once(context, after(second))
    assert mailbox.of("plan") == []
    assert "only Zoë knows this" in export(context, first)
    assert "Ben Ash" not in export(context, first)
    assert not re.search("only Zoë knows this|zoe@example.org", export(context, second))


def test_a_person_who_comes_instead_is_not_found_in_what_the_first_one_takes_home_and_is_erased_alone(
    context: Context, mailbox: Mailbox
) -> None:
    first = booked(context, "u1")
    comes(context, "created", NOW + SOON, uid="u2", start=NOW + 2 * WEEK, replaces="u1", name="Ben Ash")
    comes(
        context,
        "updated",
        NOW + 2 * SOON,
        uid="u2",
        start=NOW + 2 * WEEK,
        replaces="u1",
        name="Ben Ash",
        email="ben@example.org",
    )
    second = named(context, "u2")
    assert second.client_id != first.client_id
    assert "Zoë" not in export(context, second)
    assert privacy.erase(context, first.client_id, "mara", NOW + 3 * SOON) is not None
    assert "Zoë" not in everything(context)
    assert "Ben Ash" in export(context, second)


def everything(context: Context) -> str:
    """Every row of every table, what is sealed opened."""
    with context.db.read() as tx:
        return json.dumps(
            [
                erase._opened(tx, table, row)
                for table in metadata.sorted_tables
                for row in tx.all(table.select())
            ],
            default=str,
            ensure_ascii=False,
        )


def test_visits_that_share_a_form_are_asked_for_when_the_first_of_them_is_handed_over(
    context: Context, mailbox: Mailbox
) -> None:
    comes(context, "created", NOW, uid="u1")
    comes(context, "created", NOW, uid="u2", start=NOW + timedelta(days=9))
    second = timedelta(seconds=1)
    comes(context, "updated", NOW + second, uid="u1", name="Ben Ash", email="ben@example.org")
    work.work_once(context, NOW + SOON)
    assert len(to(mailbox, "zoe@example.org")) == 1
    assert len(to(mailbox, "ben@example.org")) == 1


# ---------------------------------------------------------------- one address


def test_a_second_person_at_an_address_gets_a_full_form_of_their_own(
    context: Context, mailbox: Mailbox
) -> None:
    ann = booked(context, "u1", name="Ann Lee", email="lee@example.org")
    fill_in(context, ann, NOW + SOON)
    ben = booked(context, "u2", NOW + 2 * SOON, name="Ben Lee", email="lee@example.org")
    assert ben.client_id != ann.client_id
    with context.db.read() as tx:
        asked = form.open_intake(tx, context, ben.id, NOW + 4 * SOON)
    assert asked is not None
    assert (asked.questionnaire.id, asked.before, asked.answers) == ("first_visit", {}, {})
    assert len(to(mailbox, "lee@example.org")) == 2


@pytest.mark.parametrize("spelling", ["Field, Zoe", "Ms Zoë Field", "Z. Field", "Zoe M. Field", "ZOE FIELD"])
def test_a_name_written_in_another_way_keeps_its_history(context: Context, spelling: str) -> None:
    first = booked(context, "u1", name="Zoe Field")
    fill_in(context, first, NOW + SOON)
    later = booked(context, "u2", NOW + 2 * SOON, name=spelling, start=NOW + timedelta(days=60))
    assert later.client_id == first.client_id
    with context.db.read() as tx:
        asked = form.open_intake(tx, context, later.id, NOW + 4 * SOON)
    assert asked is not None
    assert asked.questionnaire.id == "returning"


def test_a_child_booked_under_the_parents_name_gets_a_form_of_its_own(context: Context) -> None:
    parent = booked(
        context, "p1", name="Paula Parent", email="par@example.org", start=NOW + timedelta(days=18)
    )
    fill_in(context, parent, NOW + SOON, goal_text="Paula alone")
    visit = {"name": "Paula Parent", "email": "par@example.org", "start": NOW + timedelta(days=21)}
    child = booked(context, "p2", NOW + 2 * SOON, **visit)
    now = NOW + 4 * SOON
    with context.db.begin() as tx:
        people.for_somebody_else(tx, context, child.id, "Kim Parent", now)
        due.sync(tx, context, child.id, now)
        asked = form.open_intake(tx, context, child.id, now)
        assert asked is not None
        assert (asked.questionnaire.id, asked.answers, asked.before) == ("first_visit", {}, {})
    child = named(context, "p2")
    assert child.client_id != parent.client_id
    assert "Paula alone" not in export(context, child)
    comes(context, "updated", now + SOON, uid="p2", **visit)  # the scheduler says the same again
    assert named(context, "p2").client_id == child.client_id


def at_one_row(context: Context, world: World) -> Context:
    """The context with Easy!Appointments alone."""
    with context.db.begin() as tx:
        connections.ensure(tx, world.scheduler, world.scheduler, NOW - WEEK)
    return replace(context, schedulers={world.scheduler: world.connect()})


def test_a_row_that_its_scheduler_renames_changes_nobodys_name_or_answers(
    context: Context, mailbox: Mailbox
) -> None:
    world = World("easyappointments", 1)
    ours = at_one_row(context, world)
    ann, ben = Person("Ann Lee", "lee@example.org"), Person("Ben Lee", "lee@example.org")
    for number, ahead in ((1, 8), (2, 40)):
        world.happens("created", NOW + timedelta(days=ahead), visit=number, who=ann, at=NOW)
        inbox.read(ours, world.scheduler, world.current(number).uid, NOW)
    answered, later = (named(ours, world.current(number).uid, world.scheduler) for number in (1, 2))
    fill_in(ours, answered, NOW)
    world.happens("created", NOW + timedelta(days=9), visit=3, who=ben, at=NOW)
    for number in (1, 2, 3):
        inbox.read(ours, world.scheduler, world.current(number).uid, NOW + SOON)
    bens = named(ours, world.current(3).uid, world.scheduler)
    assert bens.client_id != answered.client_id
    with ours.db.begin() as tx:
        asked = attendances.current(tx, answered.id)
        assert asked is not None
        assert asked.asked is not None
        people.settle(tx, ours, answered.id, "mara", NOW + SOON, same=True)
        assert clients.get(tx, answered.client_id).name == "Ann Lee"
        unanswered = attendances.current(tx, later.id)
        assert unanswered is not None
        assert unanswered.client_id == answered.client_id
        assert unanswered.unsure


# ---------------------------------------------------------------- addresses


def test_a_corrected_address_is_asked_once_and_the_strangers_link_dies(
    context: Context, mailbox: Mailbox
) -> None:
    booking = booked(context, "u1", email="zoe@exmaple.org")
    for number in range(3):
        comes(context, "updated", NOW + (2 + number) * SOON, uid="u1", email="zoe@example.org")
    assert [len(to(mailbox, each)) for each in ("zoe@exmaple.org", "zoe@example.org")] == [1, 1]
    old, new = to(mailbox, "zoe@exmaple.org")[0], to(mailbox, "zoe@example.org")[0]
    now = NOW + 9 * SOON
    assert (fate(context, old, now), fate(context, new, now)) == (Fate.not_theirs, Fate.open)
    assert old["Message-ID"] != new["Message-ID"]
    fill_in(context, booking, now)
    work.work_once(context, after(booking))
    assert [each["To"] for each in mailbox.of("plan")] == ["zoe@example.org"]


def test_erasing_leaves_no_address_that_was_corrected_before_a_mail_went_there(context: Context) -> None:
    comes(context, "created", NOW, uid="u1", email="zoe@exmaple.org")
    comes(context, "updated", NOW, uid="u1", email="zoe@example.org")
    assert privacy.erase(context, named(context, "u1").client_id, "mara", NOW + SOON) is not None
    assert not re.search("exmaple|zoe@", everything(context))


@pytest.mark.parametrize(
    "address", ["15550100123@sms.cal.com", "noemail@gmail.com", "care@handsofstone.example"]
)
def test_what_stands_in_the_place_of_an_address_is_never_mailed(
    context: Context, mailbox: Mailbox, address: str
) -> None:
    booking = booked(context, "u1", email=address)
    assert to(mailbox, address) == []
    assert schedule_of(context, booking)["intake:0"].reason is Reason.no_address


@pytest.mark.parametrize("address", ["none", "-", "n/a", "ann@example.org, bob@example.org"])
def test_an_address_field_that_holds_none_or_several_keeps_the_visit(
    context: Context, mailbox: Mailbox, address: str
) -> None:
    world = World("acuity", 1)
    ours = at_one_row(context, world)
    world.happens("created", NOW + WEEK, who=Person("Ann Field", address), at=NOW)
    inbox.read(ours, "acuity", world.current().uid, NOW)
    work.work_once(ours, NOW + SOON)
    booking = named(ours, world.current().uid, "acuity")
    found = schedule_of(ours, booking)["intake:0"]
    sent = [each["To"] for each in mailbox.of("intake")]
    assert (found.reason, sent) in ((Reason.no_address, []), (Reason.none, ["ann@example.org"]))


def test_an_internationalised_domain_is_an_address(context: Context, mailbox: Mailbox) -> None:
    booking = booked(context, "u1", name="Ida Idn", email="ida@bücher.example")
    assert schedule_of(context, booking)["intake:0"].status is DeliveryStatus.sent


def test_a_visit_that_is_over_asks_nothing(context: Context, mailbox: Mailbox) -> None:
    booked(context, "u1", start=NOW - timedelta(hours=4))
    assert mailbox.of("intake") == []


# ---------------------------------------------------------------- visits close together, and later ones


def test_a_third_visit_with_short_updates_stands_on_the_ones_before_it(context: Context) -> None:
    for number in range(4):
        now = NOW + timedelta(days=60 * number)
        booking = booked(context, f"u{number}", now, start=now + WEEK)
        said: dict[str, Any] = {"goal_text": "walk the dog"} if number == 0 else {"pain_now": f"{number}"}
        fill_in(context, booking, now + SOON, **said)
        with context.db.read() as tx:
            intake = intakes.of_booking(tx, booking.id)
            assert intake is not None
            assert intake.questionnaire == ("returning" if number else "first_visit")
            assert effective(tx, intake)["goal_text"] == "walk the dog"
            assert effective(tx, intake)["pain_now"] == (f"{number}" if number else "4")
    assert UPDATE["pain_now"] == "3"


def test_six_dates_of_a_series_are_one_mail_that_lists_them(context: Context, mailbox: Mailbox) -> None:
    dates = [NOW + timedelta(days=2 * number + 5) for number in range(5)]
    for number, start in enumerate(dates):
        receive(context, webhook("created", NOW, connection=SITE, uid=f"u{number}", start=start))
    for seconds in range(0, 180, 15):
        work.work_once(context, NOW + timedelta(seconds=seconds))
    (mail,) = mailbox.of("intake")
    body = mail.get_body(("plain",))
    assert body is not None
    text = " ".join(body.get_content().split())
    assert [each for each in dates if f"{each:%A, %B} {each.day} " not in text] == [], text


def served(context: Context, *uids: str) -> list[int]:
    """Which form serves each visit."""
    with context.db.read() as tx:
        comes = [attendances.current(tx, named(context, uid).id) for uid in uids]
    return [each.intake_id or 0 for each in comes if each]


@pytest.mark.parametrize(
    ("moved", "to_day", "asks", "keep"),
    [
        ("u1", 60, "u1", ("u0", "u2")),
        ("u2", 60, "u2", ("u0", "u1")),
        ("u0", 60, "u0", ("u1", "u2")),  # the form's own visit goes: the others are not asked again
        ("u0", 15, "", ("u0", "u1", "u2")),
    ],
)
def test_a_visit_moved_far_behind_its_series_is_asked_the_short_update_once(
    context: Context, mailbox: Mailbox, moved: str, to_day: int, asks: str, keep: tuple[str, ...]
) -> None:
    starts = {f"u{number}": NOW + timedelta(days=5 + 3 * number) for number in range(3)}
    for uid, start in starts.items():
        comes(context, "created", NOW, uid=uid, start=start)
    work.work_once(context, NOW + SOON)
    fill_in(context, named(context, "u0"), NOW + 2 * SOON)
    (first,) = set(served(context, *starts))
    now = NOW + 3 * SOON
    for turn in range(3):  # away and back, thrice
        for start in (NOW + timedelta(days=to_day), starts[moved]):
            for _twice in range(2):
                now += SOON
                comes(context, "rescheduled", now, uid=moved, start=start + turn * timedelta(hours=1))
            work.work_once(context, now + timedelta(seconds=30))
            assert set(served(context, *keep)) == {first}
            away = start != starts[moved]
            assert (served(context, moved) == [first]) is not (bool(asks) and away)
    assert len(mailbox.of("intake")) == (2 if asks else 1)
    if asks:
        comes(context, "rescheduled", now + SOON, uid=moved, start=NOW + timedelta(days=to_day))
        with context.db.read() as tx:
            asked = form.open_intake(tx, context, named(context, moved).id, now + SOON)
            assert asked is not None
            assert (asked.questionnaire.id, asked.intake.done) == ("returning", False)
        fill_in(context, named(context, moved), now + 2 * SOON)
        work.work_once(context, now + 3 * SOON)
    assert len(mailbox.of("intake")) == (2 if asks else 1)
    for uid in starts:
        assert intake_on_day(context, named(context, uid)) is IntakeStatus.done


@pytest.mark.parametrize(
    ("moved", "requests"),
    [("u1", {"u0": 1, "u1": 1}), ("u2", {"u0": 1, "u2": 1}), ("u0", {"u0": 1, "u1": 1})],
)
def test_a_visit_moved_far_from_its_series_asks_by_itself_before_the_form_is_sent_too(
    context: Context, mailbox: Mailbox, moved: str, requests: dict[str, int]
) -> None:
    starts = {f"u{number}": NOW + timedelta(days=5 + 3 * number) for number in range(3)}
    for uid, start in starts.items():
        comes(context, "created", NOW, uid=uid, start=start)
    work.work_once(context, NOW + SOON)
    (first,) = set(served(context, *starts))
    now, others = NOW + 2 * SOON, [uid for uid in starts if uid != moved]
    for turn in range(3):  # away and back, thrice
        for start in (NOW + timedelta(days=60), starts[moved]):
            now += SOON
            comes(context, "rescheduled", now, uid=moved, start=start + turn * timedelta(hours=1))
            work.work_once(context, now + timedelta(seconds=30))
            away = start != starts[moved]
            assert len(set(served(context, *others))) == 1
            assert (served(context, moved)[0] in served(context, *others)) is not away
            assert served(context, "u0") == [first], "its link leads to it"
    assert set(served(context, *starts)) == {first}
    sent = {
        uid: len(
            [each for name, each in schedule_of(context, named(context, uid)).items() if _asked(name, each)]
        )
        for uid in starts
    }
    assert {uid: count for uid, count in sent.items() if count} == requests
    fill_in(context, named(context, "u0"), now + SOON)
    comes(context, "rescheduled", now + 2 * SOON, uid=moved, start=NOW + timedelta(days=60))
    work.work_once(context, now + 3 * SOON)
    assert len(mailbox.of("intake")) == 3 - (moved != "u0")


def _asked(name: str, delivery: Delivery) -> bool:
    return name.startswith("intake:") and delivery.status is DeliveryStatus.sent


def test_a_visit_comes_back_to_the_form_of_those_next_to_it(context: Context) -> None:
    for week in range(4):  # two requests: of the first three weeks, and of the fourth
        comes(context, "created", NOW, uid=f"u{week}", start=NOW + timedelta(days=3 + 7 * week))
    before = served(context, "u0", "u1", "u2", "u3")
    assert len(set(before)) == 2
    comes(context, "cancelled", NOW + SOON, uid="u0", start=NOW + timedelta(days=3))
    for turn, ahead in enumerate((60, 10), start=2):
        comes(context, "rescheduled", NOW + turn * SOON, uid="u1", start=NOW + timedelta(days=ahead))
    assert served(context, "u1", "u2", "u3") == before[1:]


def intake_on_day(context: Context, booking: Booking) -> IntakeStatus | None:
    """What the day shows of a visit's form."""
    with context.db.read() as tx:
        (found,) = [each for each in days.day(tx, booking.start, booking.end) if each.id == booking.id]
        board.intakes_in_time(tx, booking.start, booking.end)
    return found.intake


def test_a_visit_that_was_handed_over_stands_once_on_its_day(context: Context) -> None:
    first = booked(context, "u1")
    fill_in(context, first, NOW + SOON)
    comes(context, "updated", NOW + 2 * SOON, uid="u1", name="Ben Ash", email="ben@example.org")
    assert intake_on_day(context, named(context, "u1")) is IntakeStatus.open


def test_two_visits_on_a_day_are_one_form_one_plan_and_one_row_of_check_ins(
    context: Context, mailbox: Mailbox
) -> None:
    start = NOW + timedelta(days=7, hours=6)
    first = booked(context, "d1", start=start)
    second = booked(context, "d2", NOW + SOON, start=start + timedelta(hours=1), service="pt-30")
    assert len(mailbox.of("intake")) == 1
    fill_in(context, first, NOW + 3 * SOON)
    with context.db.read() as tx:
        assert intakes.of_booking(tx, second.id) == intakes.of_booking(tx, first.id)
    for hours in range(30):
        work.work_once(context, second.end + timedelta(hours=hours))
    assert (len(mailbox.of("plan")), len(mailbox.of("checkin"))) == (1, 1)


def test_the_plan_of_a_day_is_due_again_when_its_later_visit_moves_to_another_day(
    context: Context, mailbox: Mailbox
) -> None:
    start = NOW + timedelta(days=7, hours=6)
    first = booked(context, "d1", start=start)
    booked(context, "d2", NOW + SOON, start=start + timedelta(hours=1))
    fill_in(context, first, NOW + 3 * SOON)
    assert schedule_of(context, first)["plan:0"].reason is Reason.later_visit
    comes(context, "rescheduled", NOW + 4 * SOON, uid="d2", start=start + timedelta(days=4))
    work.work_once(context, after(first))
    assert len(mailbox.of("plan")) == 1


def test_a_cancelled_visit_that_is_booked_again_keeps_the_half_filled_form(context: Context) -> None:
    first = booked(context, "u1")
    with context.db.begin() as tx:
        asked = form.open_intake(tx, context, first.id, NOW + SOON)
        assert asked is not None
        screen = asked.screen(asked.resume_at())
        assert screen is not None
        said = {each.id: TAPPED[each.id] for each in screen.questions if each.id in TAPPED}
        assert not form.save_step(tx, context, asked, screen.step.id, said, NOW + SOON).errors
    comes(context, "cancelled", NOW + 2 * SOON, uid="u1")
    second = booked(context, "u2", NOW + 3 * SOON, start=NOW + timedelta(days=30))
    with context.db.read() as tx:
        intake = intakes.of_booking(tx, second.id)
    assert intake is not None
    assert intake.answers == said


# ---------------------------------------------------------------- links


def test_two_threads_that_turn_out_to_be_one_keep_link_answers_and_alert(
    context: Context, mailbox: Mailbox
) -> None:
    booked(context, "u1")
    booked(context, "u2", NOW + 2 * SOON, start=NOW + timedelta(days=30))
    mails = to(mailbox, "zoe@example.org")
    fill_in(context, named(context, "u2"), NOW + 4 * SOON, rf_saddle="yes")
    work.work_once(context, NOW + 5 * SOON)
    comes(context, "updated", NOW + 6 * SOON, uid="u2", start=NOW + timedelta(days=30), replaces="u1")
    merged = named(context, "u2")
    assert named(context, "u1").id == merged.id
    for mail in mails:
        with context.db.read() as tx:
            subject = links.open_link(tx, context, LinkPurpose.intake, token(mail), NOW + 7 * SOON)
            assert subject == merged.id
            asked = form.open_intake(tx, context, subject, NOW + 7 * SOON)
            assert asked is not None
            assert asked.intake.done
            assert intakes.open_stops(tx, merged.id)
    work.work_once(context, NOW + timedelta(hours=3))
    with context.db.read() as tx:
        kept = [each for each in deliveries.of_booking(tx, merged.id) if each.purpose is Purpose.alert]
    assert {str(each.key.number) for each in kept} >= {"again"}
    assert all(each.status is not DeliveryStatus.withdrawn for each in kept)


def test_a_visit_that_moves_later_keeps_its_link_open(context: Context, mailbox: Mailbox) -> None:
    booking = booked(context, "u1")
    (mail,) = mailbox.of("intake")
    comes(context, "rescheduled", NOW + 2 * SOON, uid="u1", start=NOW + timedelta(days=40))
    assert fate(context, mail, booking.end + timedelta(days=20)) is Fate.open
    moved = named(context, "u1")
    assert fate(context, mail, moved.end + timedelta(days=2)) is Fate.ended


def test_an_old_plans_link_leads_to_the_newest_plan(context: Context, mailbox: Mailbox) -> None:
    for number in range(2):
        now = NOW + timedelta(days=60 * number)
        booking = booked(context, f"u{number}", now, start=now + WEEK)
        fill_in(context, booking, now + SOON)
        work.work_once(context, after(booking))
    old, _new = mailbox.of("plan")
    with context.db.read() as tx:
        subject = links.open_link(tx, context, LinkPurpose.plan, token(old), after(booking))
        assert subject is not None
        shown = page.current(tx, subject).plan
    assert shown is not None
    assert shown.booking_id == booking.id


# ---------------------------------------------------------------- stopped


def stop(context: Context, channel: Channel, written: str, now: datetime) -> None:
    """The owner of an address or number wants nothing there."""
    with context.db.begin() as tx:
        assert contacts.stop(tx, context, channel, written, "link", now)


def test_a_stop_outlasts_another_spelling_and_another_client_and_has_a_way_back(
    context: Context, mailbox: Mailbox
) -> None:
    booked(context, "u1")
    stop(context, Channel.email, "zoe@example.org", NOW + SOON)
    booked(context, "u2", NOW + 2 * SOON, name="Ms Zoë Łuć", start=NOW + timedelta(days=50))
    booked(context, "u3", NOW + 2 * SOON, name="Ben Łuć", email="ZOE@example.org")
    assert len(mailbox.of("intake")) == 1
    with context.db.begin() as tx:
        assert contacts.start(tx, context, Channel.email, "zoe@example.org", NOW + 3 * SOON)
    booked(context, "u4", NOW + 4 * SOON, start=NOW + timedelta(days=90))
    assert len(mailbox.of("intake")) == 4  # what was left out for the stop goes out as well, once


def test_a_stop_to_texts_leaves_the_mails_and_outlasts_a_new_spelling(
    context: Context, mailbox: Mailbox
) -> None:
    booking = booked(context, "u1", phone="+15550100139")
    texting = replace(context, senders={**context.senders, Channel.sms: context.senders[Channel.email]})
    fill_in(texting, booking, NOW + SOON, consent_sms="yes")
    stop(context, Channel.sms, "+1 555 010 0139", NOW + 2 * SOON)
    comes(context, "updated", NOW + 3 * SOON, uid="u1", phone="+15550100139", name="Łuć, Zoë")
    for hours in range(0, 80, 8):
        work.work_once(context, after(booking) + timedelta(hours=hours))
    assert mailbox.of("checkin")
    with context.db.read() as tx:
        comes_now = attendances.current(tx, booking.id)
        assert comes_now is not None
        assert _stopped(tx, comes_now.phone_id)


def _stopped(tx: Tx, contact_id: int | None) -> bool:
    from store import contacts as stored

    found = stored.get(tx, contact_id)
    return bool(found and found.stopped)


# ---------------------------------------------------------------- safety, queue, erasure


def test_a_stop_on_another_visit_holds_every_plan_of_the_person(context: Context, mailbox: Mailbox) -> None:
    first = booked(context, "u1")
    fill_in(context, first, NOW + SOON)
    far = booked(context, "u2", NOW + 2 * SOON, start=NOW + timedelta(days=40))
    fill_in(context, far, NOW + 4 * SOON, rf_saddle="yes")
    work.work_once(context, after(first))
    assert mailbox.of("plan") == []
    assert schedule_of(context, first)["plan:0"].status is DeliveryStatus.held


def test_a_cancellation_that_waits_in_the_queue_wins(context: Context, mailbox: Mailbox) -> None:
    comes(context, "created", NOW, uid="u1")
    receive(context, webhook("cancelled", NOW + SOON, connection=SITE, uid="u1"), now=NOW + SOON)
    outbox.work(context, NOW + 2 * SOON)
    assert mailbox.of("intake") == []


def test_erasing_one_of_a_couple_leaves_the_other(context: Context, mailbox: Mailbox) -> None:
    ann = booked(context, "u1", name="Ann Lee", email="lee@example.org")
    ben = booked(context, "u2", NOW + SOON, name="Ben Lee", email="lee@example.org")
    fill_in(context, ann, NOW + 2 * SOON, goal_text="Ann's own words")
    fill_in(context, ben, NOW + 3 * SOON, goal_text="Ben's own words")
    assert "Ben Lee" not in export(context, ann)
    receive(
        context,
        webhook(
            "created",
            NOW,
            connection=SITE,
            uid="u3",
            name="Ben Lee",
            email="lee@example.org",
            start=NOW + 9 * WEEK,
        ),
        now=NOW + 4 * SOON,
    )
    assert privacy.erase(context, ann.client_id, "mara", NOW + 4 * SOON) is not None
    work.work_once(context, NOW + 5 * SOON)
    left = everything(context)
    assert not re.search("Ann Lee|Ann's own words", left)
    assert "Ben's own words" in left
    assert named(context, "u3").client_id == ben.client_id


def test_an_old_spelling_is_erased_too(context: Context) -> None:
    booking = booked(context, "nf", name="Zoe Feild", email="nf@example.org")
    fill_in(context, booking, NOW + SOON)
    comes(context, "updated", NOW + 2 * SOON, uid="nf", name="Zoe Field", email="nf@example.org")
    assert privacy.erase(context, booking.client_id, "mara", NOW + 3 * SOON) is not None
    assert not re.search("Feild|Field|nf@", everything(context).replace("Mara Field", ""))


def test_an_erasure_with_a_reader_open_says_so_or_leaves_nothing(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erase, "TRIES", 2)
    monkeypatch.setattr(erase, "PAUSE", 0.01)
    booking = booked(context, "u1", name="Zoe Unmistakable")
    if context.db.sqlite:
        with context.db.read() as reader:
            assert clients.get(reader, booking.client_id).name == "Zoe Unmistakable"
            with pytest.raises(StillThere):
                privacy.erase(context, booking.client_id, "mara", NOW + SOON)
    privacy.erase(context, booking.client_id, "mara", NOW + 2 * SOON)
    assert "Unmistakable" not in everything(context)


# ---------------------------------------------------------------- step by step, and next to each other


@pytest.mark.parametrize(
    ("first", "between", "last"),
    [
        (("Ann Lee", "lee@example.org"), ("Lee", "lee@example.org"), ("Ben Lee", "lee@example.org")),
        (("Ann Lee", "lee@example.org"), ("", "lee@example.org"), ("Cleo Ash", "lee@example.org")),
        (("Zoe Field", "f@example.org"), ("Z. Field", "f@example.org"), ("Zack Field", "f@example.org")),
        (("田中 花子", "t@example.org"), ("田中", "t@example.org"), ("田中 太郎", "t@example.org")),
        (("Ольга Ким", "k@example.org"), ("О. Ким", "k@example.org"), ("Олег Ким", "k@example.org")),
    ],
)
def test_a_name_that_says_less_in_between_is_no_bridge_to_another_person(
    context: Context,
    mailbox: Mailbox,
    first: tuple[str, str],
    between: tuple[str, str],
    last: tuple[str, str],
) -> None:
    visit = booked(context, "u1", name=first[0], email=first[1])
    fill_in(context, visit, NOW + SOON, goal_text="only the first one knows this")
    for step, (name, email) in enumerate((between, last), start=2):
        comes(context, "updated", NOW + step * SOON, uid="u1", name=name, email=email)
    work.work_once(context, after(visit))
    with context.db.read() as tx:
        now_comes = attendances.current(tx, visit.id)
    assert now_comes is not None
    assert now_comes.client_id != visit.client_id or now_comes.asked is not None
    assert mailbox.of("plan") == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bob Reed", "Robert Reed"),
        ("Paul Kern", "Paula Kern"),
        ("Nguyễn Văn An", "Nguyễn Thị An"),
        ("John Reed Sr", "John Reed Jr"),
        ("Юлия Ким", "Yulia Kim"),
    ],
)
@pytest.mark.parametrize("answered_first", [True, False])
def test_who_may_be_another_person_gets_nothing_made_of_the_first_ones_answers(
    context: Context, mailbox: Mailbox, one: str, other: str, answered_first: bool
) -> None:
    first = booked(context, "u1", name=one, email="r@example.org")
    if answered_first:
        fill_in(context, first, NOW + SOON)
    later = NOW + 2 * SOON
    second = booked(context, "u2", later, name=other, email="r@example.org", start=NOW + WEEK + 3 * DAY)
    if not answered_first:
        fill_in(context, first, NOW + 5 * SOON)
    work.work_once(context, after(first))
    work.work_once(context, after(second))
    with context.db.read() as tx:
        asked = form.open_intake(tx, context, second.id, after(second))
    assert asked is not None
    assert not asked.intake.done
    assert len(mailbox.of("intake")) == 2
    assert len(mailbox.of("plan")) == 1


def test_a_series_of_who_may_be_another_person_is_asked_once(context: Context, mailbox: Mailbox) -> None:
    first = booked(context, "u1", name="Bob Reed", email="r@example.org")
    fill_in(context, first, NOW + SOON)
    for number in range(3):
        start = NOW + WEEK + (number + 1) * 3 * DAY
        comes(
            context,
            "created",
            NOW + 2 * SOON,
            uid=f"s{number}",
            name="Rob Reed",
            email="r@example.org",
            start=start,
        )
    work.work_once(context, NOW + 4 * SOON)
    assert len(mailbox.of("intake")) == 2


# ---------------------------------------------------------------- erased, then somebody else's


@pytest.mark.parametrize(
    ("name", "email"),
    [("Ben Ash", "ben@example.org"), ("佐藤 太郎", "taro@example.org"), ("Олег Ким", "oleg@example.org")],
)
def test_a_visit_of_who_was_erased_is_asked_for_whoever_comes_instead(
    context: Context, mailbox: Mailbox, name: str, email: str
) -> None:
    first = booked(context, "u1")
    privacy.erase(context, first.client_id, "mara", NOW + SOON)
    comes(context, "updated", NOW + 2 * SOON, uid="u1", name=name, email=email)
    work.work_once(context, NOW + 4 * SOON)
    assert len(to(mailbox, email)) == 1
    second = named(context, "u1")
    assert second.client_id != first.client_id
    comes(context, "updated", NOW + 5 * SOON, uid="u1")  # a late word of the first one
    assert "zoe@example.org" not in everything(context)
    comes(context, "cancelled", NOW + 6 * SOON, uid="u1", name=name, email=email)
    assert named(context, "u1").status == "cancelled"
    known = journal.read("\n".join(journal.lines(context)))
    assert restore.erase_again(context, known.erased, "mara", NOW + 7 * SOON) == 0


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("Zoë Łuć", "zoe@example.org"),
        ("Zoe Luc", "zoe.new@example.org"),
        ("Ms Z. Łuć", "work@example.org"),
        ("", "zoe@example.org"),
        ("Ben Ash", ""),
        ("Ben Ash", "ZOE@example.org"),
    ],
)
def test_who_was_erased_does_not_come_back_under_another_spelling(
    context: Context, mailbox: Mailbox, name: str, email: str
) -> None:
    first = booked(context, "u1")
    privacy.erase(context, first.client_id, "mara", NOW + SOON)
    sent = len(mailbox.mails)
    comes(context, "updated", NOW + 2 * SOON, uid="u1", name=name, email=email)
    work.work_once(context, NOW + 4 * SOON)
    assert len(mailbox.mails) == sent
    assert not re.search("zoe|luc|łuć", everything(context).casefold())
