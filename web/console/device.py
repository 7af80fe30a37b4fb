"""A device that is known for a month: its PIN, locking it, and forgetting it."""

from flask import Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from handlers.staff import devices, hashing
from handlers.staff.passwords import Unfit
from store import audit
from store import devices as stored_devices
from store import staff as stored_staff
from web import cookies
from web.console import gate
from web.console.auth import BUSY, account_page, confirmed
from web.console.gate import EVERYBODY, allowed, me, now
from web.context import context

blueprint = gate.blueprint("device")


@blueprint.post("/console/account/pin")
@allowed(*EVERYBODY)
def choose() -> AnyResponse:
    """A PIN for this device, with the own password."""
    if wrong := confirmed():
        return account_page(wrong[1], error=wrong[0], at="pin_password")
    try:
        with hashing.place():
            token = devices.make_known(context(), me(), g.session, request.form.get("pin", "")[:40], now())
    except Unfit as error:
        return account_page(422, error=str(error), at="pin")
    except hashing.Busy:
        return account_page(503, error=BUSY)
    response = redirect(url_for("console_auth.account", done=1, _anchor="devices"), 303)
    cookies.put(response, gate.DEVICE, token, int(devices.KNOWN.total_seconds()))
    return response


@blueprint.post("/console/account/devices/<int:device_id>/forget")
@allowed(*EVERYBODY)
def forget(device_id: int) -> AnyResponse:
    """A device is known no more: it takes the password and the second factor again."""
    with context().db.begin() as tx:
        stored_devices.forget(tx, me().id, device_id)
        audit.add(tx, me().name, "device_forgotten", f"staff:{me().id}", now())
    return redirect(url_for("console_auth.account", done=1, _anchor="devices"), 303)


@blueprint.post("/console/lock")
@allowed(*EVERYBODY)
def lock() -> Response:
    """End the session, and leave the PIN of this device."""
    with context().db.begin() as tx:
        stored_staff.end_session(tx, g.session.id, now())
        audit.add(tx, me().name, "locked", f"staff:{me().id}", now())
    response = Response(status=303, headers={"Location": url_for("console_auth.login")})
    cookies.drop(response, gate.SESSION)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
