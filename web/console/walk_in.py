"""Walk-in: somebody stands at the desk whom no scheduler has told us about."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from handlers.bookings import walk_in as handler
from handlers.bookings.walk_in import AlreadyHere
from schemas.booking import BookingState, BookingStatus, Person
from schemas.notions import mail_address, phone
from schemas.staff import Role
from store import clients, intakes
from store import staff as stored_staff
from store.base import Tx
from store.views import days
from web.console import gate
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
ANY = "Visit"
"""A service that the clinic does not list."""
SAFE = "0123456789abcdef"
FIELDS = ("name", "email", "phone", "service", "practitioner", "day", "time", "minutes")


@blueprint.get("/console/walk-in")
@allowed(*EVERYBODY)
def form() -> Response:
    """The form, with the time of now."""
    return _page(_fresh(), secrets.token_hex(16))


def _fresh() -> dict[str, str]:
    at = now().astimezone(context().zone())
    mine = me().name if me().may(Role.practitioner) else ""
    return {"day": at.date().isoformat(), "time": f"{at:%H:%M}", "minutes": "60", "practitioner": mine}


def _page(shown: Mapping[str, str], once: str, status: int = 200, **more: Any) -> Response:
    with context().db.read() as tx:
        services, people = _choices(tx)
    values = {"services": services, "practitioners": people, "wrong": {}, "here": None} | more
    return page("walk_in", status, shown=shown, once=once, **values)


def _choices(tx: Tx) -> tuple[dict[str, tuple[str, str]], list[str]]:
    """Services, as (service, its name) by what is shown, and the names of practitioners."""
    lately = days.booked_lately(tx)
    booked = {name or service: (service, name) for service, name, _who in lately}
    known = {each.casefold() for pair in booked.values() for each in pair}
    listed = {pair[1]: pair for pair in _listed() if not known & set(map(str.casefold, pair))}
    treating = [one.name for one in stored_staff.every(tx) if one.active and Role.practitioner in one.roles]
    people = sorted({*treating, *(who for *_service, who in lately)} - {""})
    return booked | listed | {ANY: ("visit", "")}, people


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
    shown = {key: request.form.get(key, "").strip()[:320] for key in FIELDS}
    once = request.form.get("once", "")
    once = once if len(once) == 32 and set(once) <= set(SAFE) else secrets.token_hex(16)
    wrong, at = _wrong(shown)
    if wrong or at is None:
        return _page(shown, once, 422, wrong=wrong)
    try:
        with context().db.begin() as tx:
            state = _state(tx, shown, at, once)
            another = bool(request.form.get("another"))
            number = handler.take_in(tx, context(), state, me().name, now(), another=another)
            asked = intakes.of_booking(tx, number) is not None
    except AlreadyHere as error:
        return _twice(shown, once, error)
    if asked:
        return redirect(url_for("console_booking.door", booking_id=number, done="walk_in"), 303)
    day = at.astimezone(context().zone()).date().isoformat()
    return redirect(url_for("console_today.today", day=day, done="walk_in", _anchor=f"b{number}"), 303)


def _twice(shown: Mapping[str, str], once: str, error: AlreadyHere) -> Response:
    with context().db.read() as tx:
        name = clients.get(tx, error.booking.client_id).name
    return _page(shown, once, 409, here=error.booking, here_name=name)


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
