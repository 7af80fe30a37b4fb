"""Walk-in: somebody stands at the desk whom no scheduler has told us about."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from handlers.bookings import walk_in as handler
from handlers.bookings.walk_in import AlreadyHere
from handlers.plans.basis import NotNow, digest
from schemas.booking import BookingState, BookingStatus, Person
from schemas.notions import mail_address, phone
from schemas.staff import Role
from store import clients, intakes
from store import staff as stored_staff
from store.base import Tx
from store.views import days
from web.console import basis, gate
from web.console.gate import EVERYBODY, allowed, me, now
from web.console.view import page
from web.context import context

blueprint = gate.blueprint("walk_in")
WRONG = {
    "name": "Write the name.",
    "email": "Write one e-mail address, such as zoe@example.com.",
    "phone": "Write the whole telephone number, with its area code.",
    "reach": "Write an e-mail address or a phone number: one of the two is enough.",
    "time": "Write a day and a time.",
    "minutes": "Write a number from 5 to 480.",
}
"""What is said at a field."""
ANY, PLAIN = "Visit", ("visit", "")
"""A service that the clinic does not list: its name, and how it is kept."""
SAFE = "0123456789abcdef"
FIELDS = ("name", "email", "phone", "service", "practitioner", "day", "time", "minutes")


@blueprint.get("/console/walk-in")
@allowed(*EVERYBODY)
def form() -> Response:
    """The form, with the time of now."""
    return _page(_fresh(), once=secrets.token_hex(16))


def _fresh() -> dict[str, str]:
    at = now().astimezone(context().zone())
    mine = me().name if me().may(Role.practitioner) else ""
    return {"day": at.date().isoformat(), "time": f"{at:%H:%M}", "minutes": "60", "practitioner": mine}


def _page(shown: Mapping[str, str], status: int = 200, **more: Any) -> Response:
    with context().db.read() as tx:
        services, people = _choices(tx)
    values = {"services": services, "practitioners": people, "wrong": {}, "here": None, "number": 0} | more
    return page("walk_in", status, shown=shown, **values)


def _choices(tx: Tx) -> tuple[dict[str, tuple[str, str]], list[str]]:
    """Services, as (service, its name) by what is shown, and the names of practitioners."""
    lately = days.booked_lately(tx)
    booked = {name or service: (service, name) for service, name, _who in lately if (service, name) != PLAIN}
    known = {each.casefold() for pair in booked.values() for each in pair}
    listed = {pair[1]: pair for pair in _listed() if not known & set(map(str.casefold, pair))}
    treating = [one.name for one in stored_staff.every(tx) if one.active and Role.practitioner in one.roles]
    people = sorted({*treating, *(who for *_service, who in lately)} - {""})
    return booked | listed | {ANY: PLAIN}, people


def _listed() -> list[tuple[str, str]]:
    """Each service of clinic.toml by its slug and its first name."""
    names: dict[int, list[str]] = {}
    for key, service in context().clinic.services.items():
        names.setdefault(id(service), []).append(key)
    return [(each[0], each[:2][-1].capitalize()) for each in names.values() if each[0] != "default"]


@blueprint.post("/console/walk-in/save")
@allowed(*EVERYBODY)
def take_in() -> AnyResponse:
    """Take the visit in, and show the door code; what is missing is said at its field."""
    shown = _typed()
    once = request.form.get("once", "")
    once = once if len(once) == 32 and set(once) <= set(SAFE) else secrets.token_hex(16)
    wrong, at = _wrong(shown)
    if wrong or at is None:
        return _page(shown, 422, once=once, wrong=wrong)
    try:
        with context().db.begin() as tx:
            state = _state(tx, shown, at, once)
            another = bool(request.form.get("another"))
            number = handler.take_in(tx, context(), state, me().name, now(), another=another)
    except AlreadyHere as error:
        return _twice(shown, once, error)
    return _on(number, at, "walk_in")


def _typed() -> dict[str, str]:
    return {key: request.form.get(key, "").strip()[:320] for key in FIELDS}


def _on(number: int, at: datetime, did: str) -> AnyResponse:
    """To the door code, or to the day of a visit that asks nothing more."""
    with context().db.read() as tx:
        form = intakes.of_booking(tx, number)
    if form is not None and not form.done:
        return redirect(url_for("console_booking.door", booking_id=number, done=did), 303)
    day = at.astimezone(context().zone()).date().isoformat()
    return redirect(url_for("console_today.today", day=day, done=did, _anchor=f"b{number}"), 303)


def _twice(shown: Mapping[str, str], once: str, error: AlreadyHere) -> Response:
    with context().db.read() as tx:
        name = clients.get(tx, error.booking.client_id).name
    return _page(shown, 409, once=once, here=error.booking, here_name=name)


def _wrong(shown: Mapping[str, str]) -> tuple[dict[str, str], datetime | None]:
    """What is not right, by field, and when the visit begins."""
    at = _moment(shown["day"], shown["time"])
    country = context().clinic.country
    faults = {
        "name": not any(map(str.isalnum, shown["name"])),
        "email": shown["email"] and not mail_address.read(shown["email"]),
        "phone": shown["phone"] and not phone.e164(shown["phone"], country),
        "reach": not shown["email"] and not shown["phone"],
        "time": at is None,
        "minutes": not _minutes(shown["minutes"]),
    }
    return {key: WRONG[key] for key, fault in faults.items() if fault}, at


def _minutes(typed: str) -> int:
    """How long it is; 0 where that is not said."""
    found = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 0
    return found if 5 <= found <= 480 else 0


def _moment(day: str, time: str) -> datetime | None:
    """The time on the clinic's wall; None for anything else."""
    try:
        found = datetime.strptime(f"{day} {time[:5]}", "%Y-%m-%d %H:%M").replace(tzinfo=context().zone())
    except ValueError:
        return None
    return found.astimezone(UTC) if 2000 <= found.year < 2100 else None


def _state(tx: Tx, shown: Mapping[str, str], at: datetime, once: str) -> BookingState:
    """The visit as a scheduler would describe it."""
    services, people = _choices(tx)
    service, name = services.get(shown["service"]) or next(iter(services.values()))
    return BookingState(
        external_id=once,
        status=BookingStatus.confirmed,
        start=at,
        end=at + timedelta(minutes=_minutes(shown["minutes"])),
        client=Person(shown["name"], mail_address.read(shown["email"]) or "", shown["phone"]),
        service=service,
        service_name=name,
        practitioner=shown["practitioner"] if shown["practitioner"] in people else "",
    )


@blueprint.get("/console/bookings/<int:booking_id>/walk-in")
@allowed(*EVERYBODY)
def known(booking_id: int) -> Response:
    """A walk-in as it was typed, to be corrected or cancelled."""
    return _known(booking_id)


def _known(
    booking_id: int, status: int = 200, shown: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """The form of a walk-in with what it is now, or with what was typed over it."""
    try:
        with context().db.read() as tx:
            was = _as_typed(tx, handler.typed(tx, booking_id))
    except LookupError as error:
        return page("refused", 409, title="Correct this walk-in", text=str(error))
    decided_on = request.form.get("decided_on", "") if status not in (200, 409) else ""
    values = {"number": booking_id, "basis": decided_on or digest(was.values())} | more
    values["now_so"] = list(filter(None, was.values())) if status == 409 else []
    return _page(was if shown is None else shown, status, **values)


def _as_typed(tx: Tx, state: BookingState) -> dict[str, str]:
    """The fields of the form for a visit."""
    begins = state.start.astimezone(context().zone())
    chosen = (state.service, state.service_name)
    service = next((key for key, each in _choices(tx)[0].items() if each == chosen), "")
    return {
        "name": state.client.name,
        "email": state.client.email,
        "phone": state.client.phone,
        "service": service,
        "practitioner": state.practitioner,
        "day": begins.date().isoformat(),
        "time": f"{begins:%H:%M}",
        "minutes": str((state.end - state.start) // timedelta(minutes=1)),
    }


@blueprint.post("/console/bookings/<int:booking_id>/walk-in/save")
@allowed(*EVERYBODY)
def correct(booking_id: int) -> AnyResponse:
    """A mistyped name, another address, a later time: what follows from it is decided again."""
    shown = _typed()
    wrong, at = _wrong(shown)
    if wrong or at is None:
        return _known(booking_id, 422, shown, wrong=wrong)
    try:
        with context().db.begin() as tx:
            before = handler.typed(tx, booking_id)
            basis.check_walk_in(_as_typed(tx, before))
            state = _state(tx, shown, at, before.external_id)
            handler.correct(tx, context(), booking_id, state, me().name, now())
    except NotNow as error:
        return _known(booking_id, 409, shown, error=str(error))
    except LookupError:
        return _known(booking_id, 409)
    return _on(booking_id, at, "walk_in_corrected")


@blueprint.post("/console/bookings/<int:booking_id>/walk-in/cancel")
@allowed(*EVERYBODY)
def cancel(booking_id: int) -> AnyResponse:
    """Taken in by mistake: nothing goes out for it any more."""
    try:
        with context().db.begin() as tx:
            handler.cancel(tx, context(), booking_id, me().name, now())
    except LookupError:
        abort(409)
    return redirect(url_for("console_today.today", done="walk_in_cancelled"), 303)
