"""A sealed value opens in its own place alone; whoever moves or changes it in the database is found out."""

import re
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from handlers.clients import privacy
from handlers.context import Context
from handlers.intake import choices
from handlers.worker import reseal, seals, work
from schemas.booking import Person
from schemas.checkin import CheckInKind
from schemas.client_request import RequestKind
from schemas.delivery import DeliveryStatus, Purpose
from schemas.person import Doubt
from schemas.plan import PlanStatus
from schemas.rules import Severity
from schemas.session_note import SendWish, SessionNote
from schemas.staff import Stage
from schemas.trouble import TroubleKind
from store import (
    attendances,
    bookings,
    checkins,
    client_requests,
    connections,
    deliveries,
    drafts,
    intakes,
    kept,
    notes,
    own_media,
    passkeys,
    plan_edits,
    plans,
    saved_plans,
    sealing,
    staff,
    texts,
)
from store import reseal as stored
from store.base import Tx
from store.running import troubles
from store.tables import audit_keys, metadata, remarks, session_notes, unbound
from store.vault import SealBroken
from store.views import pains
from tests.helpers.chores import Chores
from tests.helpers.clinic import NOW
from tests.helpers.console import BASE, account, answer, sign_in, visit
from tests.helpers.mailbox import Mailbox
from tests.helpers.seals import allow_unbound, as_before
from tests.helpers.visits import receive, webhook

import app as application  # isort: skip

COLUMNS = [
    f"{table.name}.{column.name}" for table in metadata.sorted_tables for column in sealing.columns(table)
]
ROUND = 60  # minutes between two looks of the worker
WORDS = ("Stiff after the marathon", "Sore since the removal")
FOLLOWS = {"intake_changes.sealed_change": "sealed_answers", "staff.sealed_totp": "sealed_access"}
"""Answers whose last changes cannot be read are named too: they may be older ones. So is an account whose
second factor was taken away.
"""
KEEPS_NO_TWO = ("unbound.sealed_word",)


def column_of(name: str) -> sa.Column[Any]:
    table, column = name.split(".")
    return metadata.tables[table].c[column]


def rows(tx: Tx, column: sa.Column[Any]) -> list[sa.Row[Any]]:
    """The first two rows with a value."""
    key = next(iter(column.table.primary_key.columns))
    return list(tx.all(sa.select(column.table).where(column.is_not(None)).order_by(key).limit(2)))


def put(context: Context, column: sa.Column[Any], row: sa.Row[Any], value: bytes) -> None:
    """What an attacker does who can write into the database and has no key."""
    key = next(iter(column.table.primary_key.columns))
    with context.db.begin() as tx:
        change = sa.update(column.table).where(key == row._mapping[key.name])
        tx.run(change.values({column.name: value}))


def broken(context: Context, of: str = "") -> set[tuple[str, str]]:
    """The rows and columns that a look names, without what follows from a broken value of `of`."""
    named = {(each.row, each.column) for each in seals.broken(context)}
    return {each for each in named if each[1] != FOLLOWS.get(of)}


def names(column: sa.Column[Any], found: list[sa.Row[Any]]) -> set[tuple[str, str]]:
    return {(sealing.row_name(column.table, row._mapping), column.name) for row in found}


def person(context: Context, number: int) -> int:
    """A client of whom there is everything that is ever sealed; returns the booking."""
    who = {"name": f"Client {number}", "email": f"c{number}@example.org", "uid": f"u{number}"}
    receive(context, webhook("created", NOW - timedelta(hours=1), **who))
    work.work_once(context, NOW)
    with context.db.read() as tx:
        booking = bookings.named(tx, "main", f"u{number}")[0].booking_id
    assert booking is not None
    answer(context, booking, NOW, goal_text=WORDS[number], pain_avg7=str(3 + number))
    work.work_once(context, NOW)
    return booking


def written(context: Context, number: int, booking: int) -> None:
    """What the clinic keeps beside what a client says."""
    with context.db.begin() as tx:
        plan, form, comes = (
            plans.newest(tx, booking),
            intakes.of_booking(tx, booking),
            attendances.current(tx, booking),
        )
        assert plan is not None
        assert form is not None
        assert comes is not None
        plans.release(tx, plan.id, "Mara", NOW)
        notes.add(tx, booking, SessionNote(SendWish.HOLD, "Mara", client_note=WORDS[number]), NOW)
        plan_edits.add(tx, booking, "Mara", {"words": WORDS[number]}, NOW)
        assert comes.email_id is not None
        texts.add(tx, f"SM{number}", comes.email_id, WORDS[number], NOW)
        own_media.add(tx, f"own_{number}", form.client_id, "image/png", WORDS[number].encode(), NOW)
        asked = checkins.ask(tx, booking, plan.id, next(iter(CheckInKind)), NOW)
        checkins.answer(tx, asked.id, {"pain": str(number)}, "hold", NOW)
        words = {"sealed_words": WORDS[number], "sealed_answer": WORDS[number]}
        whose = {"booking_id": booking, "client_id": form.client_id, "checkin_id": asked.id, "said_at": NOW}
        sealing.add(tx, remarks, whose, **words)
        client_requests.add(tx, form.client_id, RequestKind.correction, NOW, what="name", words=WORDS[number])
        intakes.raise_flag(tx, booking, form.client_id, "RF90", "adjust", {"because": WORDS[number]}, NOW)
        intakes.clear_flag(tx, intakes.flags_of(tx, booking)[-1]["id"], "Mara", WORDS[number], NOW)
        attendances.ask(tx, comes.id, Person(f"Other {number}", "o@example.org"), Doubt.name)
        connections.ensure(tx, f"c{number}", "calcom", NOW)
        connections.keep_secret(tx, f"c{number}", f"secret {number}")
        kept.put(tx, {f"C{number}_API_KEY": f"key {number}"}, NOW)
        sealing.add(tx, audit_keys, {"made_at": NOW}, sealed_key=f"{number}".encode() * 64)
    somebody = account(context, f"p{number}@handsofstone.example", f"Practitioner {number}")
    with context.db.begin() as tx:
        saved_plans.add(tx, somebody, {"name": WORDS[number]}, NOW)
        drafts.keep(tx, somebody, number + 1, "note-1", {"typed": WORDS[number]}, NOW)
        staff.set_totp(tx, somebody, "JBSWY3DPEHPK3PXP")
        passkeys.add(tx, somebody, "phone", f"key-{number}", f"public {number}".encode(), 0, NOW)
        staff.open_session(tx, f"hash {number}", somebody, Stage.enrol, NOW, "JBSWY3DPEHPK3PXP")


@pytest.fixture
def two(context: Context) -> Context:
    """Two values in every sealed column of every table, each of another row."""
    for number in (0, 1):
        written(context, number, person(context, number))
    with context.db.read() as tx:
        for name in COLUMNS:
            if name not in KEEPS_NO_TWO:
                assert len(rows(tx, column_of(name))) == 2, f"make two values of {name} in this world"
    assert broken(context) == set()
    return context


def test_every_table_says_what_its_values_are_bound_to() -> None:
    for table in metadata.sorted_tables:
        if sealing.columns(table):
            bound = set(table.info["bound"])
            assert bound <= set(table.c.keys())
            assert bound & {"id", "name", "public_id", "token_hash", "external_id", "credential_id"}, (
                table.name
            )
            assert "client_id" in bound or "client_id" not in table.c, table.name
            assert not any(table.c[name].onupdate for name in bound)


def test_two_values_that_were_swapped_are_refused_and_named_by_their_rows(two: Context) -> None:
    for name in COLUMNS:
        column = column_of(name)
        if name in KEEPS_NO_TWO:
            continue
        with two.db.read() as tx:
            first, second = rows(tx, column)
        values = first._mapping[column.name], second._mapping[column.name]
        put(two, column, first, values[1])
        put(two, column, second, values[0])
        assert broken(two, name) == names(column, [first, second]), name
        put(two, column, first, values[0])
        put(two, column, second, values[1])
    assert broken(two) == set()


def test_a_value_of_any_other_column_is_refused(two: Context) -> None:
    with two.db.read() as tx:
        known = [
            (column, row) for name in COLUMNS for column in [column_of(name)] for row in rows(tx, column)
        ]
        for column, row in known:
            here = sealing.place(column, row._mapping)
            for other, their in known:
                if (other, their) != (column, row):
                    with pytest.raises(SealBroken):
                        tx.vault.open(their._mapping[other.name], here)


def test_a_changed_byte_is_refused_and_so_is_a_seal_of_before(two: Context) -> None:
    for name in COLUMNS:
        column = column_of(name)
        with two.db.read() as tx:
            found = rows(tx, column)
        if not found:
            continue
        value = bytes(found[0]._mapping[column.name])
        for attack in (
            value[:-1] + bytes([value[-1] ^ 1]),
            value[:20],
            b"",
            as_before(two.db.vault, WORDS[0]),
        ):
            put(two, column, found[0], attack)
            missed = column.info["always"] or name == "plans.sealed_let_out"
            refused = names(column, found[:1]) if attack or missed else set()
            assert broken(two, name) == refused, (name, attack[:3])
            put(two, column, found[0], value)


def test_a_row_that_was_copied_or_given_to_another_client_is_refused(two: Context) -> None:
    for table in stored.tables():
        if "client_id" not in table.c:
            continue
        with two.db.begin() as tx:
            column = sealing.columns(table)[0]
            first, second = rows(tx, column)
            tx.change(table, first.id, client_id=second.client_id)
            with pytest.raises(SealBroken):
                sealing.unseal(tx, column, tx.all(sa.select(table).where(table.c.id == first.id))[0])
            tx.change(table, first.id, client_id=first.client_id)
    with two.db.begin() as tx:
        note = tx.all(sa.select(session_notes).limit(1))[0]
        copy = {name: value for name, value in note._mapping.items() if name != "id"}
        tx.insert(session_notes, **copy)
        with pytest.raises(SealBroken):
            notes.newest(tx, note.booking_id)


# ---- what stands in clear


def in_clear(context: Context) -> bytes:
    """Every byte that a thief of the database reads: the file and its log, or every column of PostgreSQL."""
    if context.db.sqlite:
        path = Path(str(context.db.engine.url.database))
        return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))
    with context.db.read() as tx:
        found = [tuple(row) for table in metadata.sorted_tables for row in tx.all(sa.select(table))]
    return repr(found).encode()


def test_the_database_tells_nothing_of_what_was_answered_but_that_it_was(two: Context) -> None:
    library = two.library("en")
    with two.db.read() as tx:
        booking = bookings.named(tx, "main", "u0")[0].booking_id
        assert booking is not None
    answer_badly(two)
    with two.db.read() as tx:
        raised = {flag["rule"] for flag in intakes.flags_of(tx, booking)}
        raised |= {
            flag.rule for flag in intakes.stops_raised(tx, NOW - timedelta(days=9), NOW + timedelta(days=9))
        }
    assert "RF01" in raised
    steps = {step.id for each in library.questionnaires.values() for step in each.steps}
    markers = {*raised, *library.plan_content.protocols, *(each for each in Severity if "stop" in each)}
    markers |= {each for each in steps if each.startswith(("health_", "safety_"))} | {
        *WORDS,
        "JBSWY3DPEHPK3PXP",
    }
    held = in_clear(two)
    assert not [word for word in sorted(markers) if word.encode() in held]
    assert b"Client 0" in held, "the look itself finds what stands in clear"


def answer_badly(context: Context) -> None:
    """A third client, whose answers stop everything."""
    one = visit(context, "u9", name="Client 9", email="c9@example.org")
    answer(context, one, rf_saddle="yes")
    work.work_once(context, NOW)


# ---- what does not open never leaves


@pytest.fixture
def swapped(context: Context) -> tuple[int, int]:
    """Two clients whose drafted plans and answers were swapped in the database, after their visits."""
    found = []
    for number in (0, 1):
        one = visit(context, f"u{number}", name=f"Client {number}", email=f"c{number}@example.org")
        answer(context, one, goal_text=WORDS[number], pain_avg7=str(3 + number))
        found.append(one)
    work.work_once(context, NOW - timedelta(minutes=90))
    swap(context)
    return found[0], found[1]


def swap(context: Context) -> None:
    for name in ("plans.sealed_plan", "intakes.sealed_answers"):
        column = column_of(name)
        with context.db.read() as tx:
            first, second = rows(tx, column)
        put(context, column, first, second._mapping[column.name])
        put(context, column, second, first._mapping[column.name])


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


def test_a_swapped_plan_goes_to_nobody_and_the_clinic_hears_of_it_once(
    context: Context, mailbox: Mailbox, swapped: tuple[int, int]
) -> None:
    chores = Chores()
    for minutes in range(0, 600, ROUND):
        now = NOW + timedelta(minutes=minutes)
        work.work_once(context, now)
        chores.run(context, now)
    assert "plan" not in mailbox.kinds()
    assert not [mail for mail in mailbox.mails if any(words in str(mail) for words in WORDS)]
    troubled = [text for text in map(text_of, mailbox.of("trouble")) if "do not open" in text]
    assert len(troubled) == 1
    assert re.search(r"Rows: (intakes|plans) \d", troubled[0])
    with context.db.read() as tx:
        noted = [each.text for each in troubles.current(tx) if each.kind is TroubleKind.sealed]
        assert noted == ["intakes 1, intakes 2, plans 1, plans 2"]
    with context.db.read() as tx:
        for booking in swapped:
            sent = [each for each in deliveries.of_booking(tx, booking) if each.key.purpose is Purpose.plan]
            assert all(each.status is not DeliveryStatus.sent for each in sent)
    swap(context)
    for minutes in range(600, 610):
        chores.run(context, NOW + timedelta(minutes=minutes))
    over = [text_of(mail) for mail in mailbox.of("trouble_over")]
    assert len([text for text in over if "Every value in the database opens" in text]) == 1


@pytest.mark.parametrize("attack", ["changed", "emptied"])
def test_a_consent_that_was_taken_back_does_not_come_back_by_what_somebody_writes(
    context: Context, mailbox: Mailbox, attack: str
) -> None:
    one = visit(context, "u0", name="Client 0", email="c0@example.org")
    answer(context, one)
    with context.db.begin() as tx:
        whose = bookings.get(tx, one)
        assert whose is not None
        assert choices.decide(
            tx, context, whose.client_id, "consent_exercise", False, NOW - timedelta(hours=2)
        )
    column = column_of("client_requests.sealed_said")
    with context.db.read() as tx:
        (row,) = rows(tx, column)
    put(context, column, row, b"" if attack == "emptied" else row.sealed_said[:-1] + b"!")
    chores = Chores()
    for minutes in range(-90, 600, ROUND):
        now = NOW + timedelta(minutes=minutes)
        work.work_once(context, now)
        chores.run(context, now)
    assert "plan" not in mailbox.kinds()
    assert [text for text in map(text_of, mailbox.of("trouble")) if "client_requests 1" in text]


@pytest.mark.parametrize("again", ["once", "the last step sent twice"])
def test_answers_of_before_are_named_and_no_plan_is_made_from_them(
    context: Context, mailbox: Mailbox, again: str
) -> None:
    """The client corrects a form that was sent; somebody puts the answers of before back into its row."""
    one = visit(context, "u0", name="Client 0", email="c0@example.org")
    answer(context, one, goal_text=WORDS[0])
    column = column_of("intakes.sealed_answers")
    with context.db.read() as tx:
        (row,) = rows(tx, column)
    with context.db.begin() as tx:
        form = intakes.of_booking(tx, one)
        assert form is not None
        corrected = dict(form.answers) | {"goal_text": WORDS[1]}
        intakes.save(tx, form, form.step, corrected, {"goal_text": WORDS[1]}, NOW - timedelta(hours=2))
        if again != "once":
            intakes.save(tx, form, form.step, corrected, {}, NOW - timedelta(hours=2))
    assert broken(context) == set()
    put(context, column, row, row.sealed_answers)
    assert broken(context) == names(column, [row])
    chores = Chores()
    for minutes in range(-90, 600, ROUND):
        now = NOW + timedelta(minutes=minutes)
        work.work_once(context, now)
        chores.run(context, now)
    assert "plan" not in mailbox.kinds()
    assert not [mail for mail in mailbox.mails if any(words in str(mail) for words in WORDS)]
    assert [text for text in map(text_of, mailbox.of("trouble")) if "intakes 1" in text]


@pytest.mark.parametrize("status", ["released", "sent"])
def test_a_plan_that_somebody_let_out_in_the_database_stays_where_it_is(
    context: Context, mailbox: Mailbox, status: str
) -> None:
    one = visit(context, "u0", name="Client 0", email="c0@example.org")
    answer(context, one, cond_bp="not_controlled")
    chores = Chores()
    for minutes in range(0, 60, ROUND):
        work.work_once(context, NOW + timedelta(minutes=minutes))
    with context.db.begin() as tx:
        held = plans.newest(tx, one)
        assert held is not None
        assert held.status is PlanStatus.held
        rows = (metadata.tables["plans"], metadata.tables["deliveries"])
        tx.run(sa.update(rows[0]).values(status=status, released_by="Mara Field", released_at=NOW))
        tx.run(sa.update(rows[1]).where(rows[1].c.purpose == "plan").values(status="scheduled", reason=""))
    for minutes in range(60, 600, ROUND):
        now = NOW + timedelta(minutes=minutes)
        work.work_once(context, now)
        chores.run(context, now)
    assert "plan" not in mailbox.kinds()
    assert [text for text in map(text_of, mailbox.of("trouble")) if f"plans {held.id}" in text]


@pytest.mark.parametrize("basis", [None, b"made up"])
def test_a_flag_that_somebody_cleared_in_the_database_lets_no_plan_out(
    context: Context, mailbox: Mailbox, basis: bytes | None
) -> None:
    one = visit(context, "u0", name="Client 0", email="c0@example.org")
    answer(context, one, cond_bp="not_controlled")
    with context.db.begin() as tx:
        raised = [each["id"] for each in intakes.flags_of(tx, one)]
        assert raised
        for each in raised:
            how = {"cleared_at": NOW, "cleared_by": "Mara Field", "sealed_basis": basis}
            tx.change(metadata.tables["flags"], each, **how)
    chores = Chores()
    for minutes in range(-90, 600, ROUND):
        now = NOW + timedelta(minutes=minutes)
        work.work_once(context, now)
        chores.run(context, now)
    assert "plan" not in mailbox.kinds()
    assert [text for text in map(text_of, mailbox.of("trouble")) if f"flags {raised[0]}" in text]


def test_pages_and_exports_show_nothing_of_what_was_swapped(
    context: Context, given: Any, swapped: tuple[int, int]
) -> None:
    app = application.create_app(given)
    app.extensions["aftercare"] = context
    account(context)
    client = sign_in(app)
    with context.db.read() as tx:
        theirs = [bookings.get(tx, number) for number in swapped]
    for path in ("/console/", "/console/board", *(f"/console/bookings/{number}" for number in swapped)):
        shown = client.get(path, base_url=BASE).get_data(as_text=True)
        assert not [words for words in WORDS if words in shown], path
    for each in theirs:
        assert each is not None
        export = privacy.export(context, each.client_id, "Mara Field", NOW)
        assert "days_per_week" not in str(export)
        assert "does not open" in str(export)


def test_a_pain_that_was_seen_before_is_not_shown_for_another_client(context: Context) -> None:
    found = [
        visit(context, f"u{number}", name=f"Client {number}", email=f"c{number}@example.org")
        for number in (0, 1)
    ]
    for number, one in enumerate(found):
        answer(context, one, pain_avg7=str(3 + number))
    with context.db.read() as tx:
        clients = [booking.client_id for one in found if (booking := bookings.get(tx, one))]
        assert [[pain.score for pain in pains.latest(tx, clients)[one]] for one in clients] == [[3], [4]]
    swap_answers = column_of("intakes.sealed_answers")
    with context.db.read() as tx:
        first, second = rows(tx, swap_answers)
    put(context, swap_answers, first, second.sealed_answers)
    with context.db.read() as tx:
        assert [[pain.score for pain in pains.latest(tx, clients)[one]] for one in clients] == [[], [4]]


# ---- values of before


@pytest.fixture
def before(two: Context) -> Context:
    """The same with every value sealed as before, bound to nothing."""
    with two.db.begin() as tx:
        for table in stored.tables():
            key = next(iter(table.primary_key.columns))
            for column in sealing.columns(table):
                for row in tx.all(sa.select(table).where(column.is_not(None))):
                    old = as_before(tx.vault, sealing.unseal(tx, column, row))
                    here = key == row._mapping[key.name]
                    tx.run(sa.update(table).where(here).values({column.name: old}))
        allow_unbound(tx)
    return two


def everything(context: Context) -> dict[tuple[str, str], bytes]:
    with context.db.read() as tx:
        return {
            (sealing.row_name(table, row._mapping), column.name): sealing.unseal(tx, column, row)
            for table in stored.tables()
            for column in sealing.columns(table)
            for row in tx.all(sa.select(table).where(column.is_not(None)))
        }


def test_values_of_before_are_read_until_they_are_resealed_and_refused_then(
    before: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "BATCH", 2)
    monkeypatch.setattr(reseal, "AT_ONCE", 2)
    known = everything(before)
    with before.db.read() as tx:
        old = rows(tx, column_of("plans.sealed_plan"))[0]
    stop_after(3, lambda tell: reseal.reseal(before, "test", NOW, tell))
    assert everything(before) == known, "half of it done, all of it read"
    found = reseal.reseal(before, "test", NOW, lambda _rows: None)
    assert (found.values > 10, found.broken) == (True, 0)
    after = everything(before)
    assert {name: after[name] for name in known if name[0] != "unbound 1"} == {
        name: value for name, value in known.items() if name[0] != "unbound 1"
    }
    put(before, column_of("plans.sealed_plan"), old, old.sealed_plan)
    assert broken(before) == names(column_of("plans.sealed_plan"), [old])


def stop_after(batches: int, act: Callable[[Callable[[int], object]], object]) -> None:
    """Somebody presses Ctrl-C."""
    seen: list[int] = []

    def tell(rows: int) -> None:
        seen.append(rows)
        if len(seen) == batches:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        act(tell)


def test_nobody_without_a_key_can_have_values_of_before_read_again(two: Context) -> None:
    column = column_of("plans.sealed_plan")
    with two.db.begin() as tx:
        first, second = rows(tx, column)
        tx.run(sa.insert(unbound).values(id=1, sealed_word=second.sealed_plan))
    put(two, column, first, as_before(two.db.vault, {"items": []}))
    assert names(column, [first]) <= broken(two)


def test_what_a_client_is_described_by_is_erased_with_notes_and_edits(two: Context) -> None:
    with two.db.read() as tx:
        note = tx.all(sa.select(session_notes).order_by(session_notes.c.id))[0]
    assert note.client_id is not None
    assert privacy.erase(two, note.client_id, "mara", NOW) is not None
    with two.db.read() as tx:
        assert notes.every(tx, [note.booking_id]) == []
        assert plan_edits.of_booking(tx, note.booking_id) == []
