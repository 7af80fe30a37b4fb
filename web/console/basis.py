"""The hidden field with which a form says what was seen when it was decided (`handlers.plans.basis`)."""

from collections.abc import Mapping

from flask import request
from markupsafe import Markup

from handlers.plans import basis
from schemas.staff import Staff
from store import remarks
from store.base import Tx


def field(value: str) -> Markup:
    """The hidden field."""
    return Markup('<input type="hidden" name="decided_on" value="{}">').format(value)


def check(tx: Tx, booking_id: int) -> None:
    """Raise `NotNow` unless the visit is as the form's page showed it."""
    basis.still(_given(), basis.basis_of(tx, booking_id))


def check_message(tx: Tx, message_id: int) -> None:
    """Raise `NotNow` unless the message is as the form's page showed it."""
    basis.still(_given(), basis.message_now(tx, message_id))


def check_remark(tx: Tx, remark_id: int) -> None:
    """Raise `NotNow` unless what a client wrote is as the form's page showed it."""
    basis.still(_given(), basis.basis_of_remark(remarks.get(tx, remark_id)))


def check_account(one: Staff) -> None:
    """Raise `NotNow` unless an account is as the form's page showed it."""
    basis.still(_given(), of_account(one))


def of_account(one: Staff) -> str:
    """What a change of an account is decided on."""
    known = (one.name, one.credential, *sorted(one.roles), one.language, str(one.active))
    return basis.digest(known)


def check_walk_in(typed: Mapping[str, str]) -> None:
    """Raise `NotNow` unless a walk-in is as the form's page showed it."""
    basis.still(_given(), basis.digest(typed.values()))


def _given() -> str:
    return request.form.get("decided_on", "")
