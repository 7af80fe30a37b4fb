"""Words to single people on the staff about clients, beside those to the clinic's own addresses."""

from collections.abc import Iterator
from datetime import datetime

from handlers.staff import wishes
from handlers.staff.wishes import Wishes
from schemas.booking import Booking
from schemas.staff import Role, Staff, StaffNews, Wish
from store import choices, staff
from store.base import Tx

PAGES = {StaffNews.written: "/console/waits"}


def tell(tx: Tx, booking: Booking, kind: StaffNews, now: datetime, *, once: bool = False) -> None:
    """Everybody who chose to be sent this is due it; `once`: not who was due it for this page before."""
    path = PAGES.get(kind, f"/console/bookings/{booking.id}")
    for who, wanted in _wanting(tx, kind):
        theirs = kind is StaffNews.alert or booking.practitioner in ("", who.name)
        if theirs and not (once and staff.was_told(tx, who.id, kind, path)):
            staff.tell(tx, who.id, kind, path, now, daily=wanted.of(kind) is Wish.daily)
            if kind is StaffNews.alert and wanted.number:
                staff.tell(tx, who.id, kind, path, now, by_text=True)


def alerted(tx: Tx) -> list[tuple[Staff, Wishes]]:
    """Who is sent every alert at once."""
    return list(_wanting(tx, StaffNews.alert))


def _wanting(tx: Tx, kind: StaffNews) -> Iterator[tuple[Staff, Wishes]]:
    for staff_id, chosen in choices.every(tx).items():
        wanted = wishes.read(chosen)
        who = staff.get(tx, staff_id) if wanted.of(kind) is not Wish.off else None
        if who is not None and who.active and not who.invited and who.may(Role.practitioner):
            yield who, wanted
