"""The clinic: what clients see, by whose clock, and what a licence lets it say."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import available_timezones

from babel import Locale
from flask import Response
from werkzeug.wrappers import Response as AnyResponse

from handlers.staff import setup_link
from integrations import outside
from integrations.http import Http
from schemas.notions import host, phone
from schemas.staff import Role
from web.console.gate import allowed
from web.console.view import language, say
from web.context import context
from web.setup import desk
from web.setup.fields import CLINIC, OF_THE_COUNTRY, PUBLIC, Field
from web.setup.pages import blueprint, go_on, kept, lacking, place, step, typed, unconfirmed

NO_ANSWER = (
    "This address does not lead here yet. Point the name at this server, start the proxy (deploy/Caddyfile), "
    "and save again."
)
NOT_KNOWN = "No number is known here for this country. Write the one that your clients call in an emergency."
BY_NIGHT = "Write a time that is later on the same day, such as 20:00."
MIDNIGHT = "00:00"
FIELDS = (PUBLIC, *CLINIC)


@blueprint.get("/setup/<token>/clinic")
@blueprint.get("/console/setup/clinic")
@allowed(Role.manager)
def clinic() -> Response:
    """What is known of the clinic."""
    return _page(_now(), {})


@blueprint.post("/setup/<token>/clinic/save")
@blueprint.post("/console/setup/clinic/save")
@allowed(Role.manager)
def save_clinic() -> AnyResponse:
    """Keep it, or say what is wrong beside each field."""
    given = typed(FIELDS)
    url = given["PUBLIC_URL"] = given.get("PUBLIC_URL", "").rstrip("/").lower()
    if desk.is_fixed("PUBLIC_URL"):
        del given["PUBLIC_URL"]
    else:
        given |= _of_address(url)
    if not_me := unconfirmed():
        return _page(_now() | given, {}, status=not_me[1], error=not_me[0])
    wrong, rest = desk.wrong(FIELDS, given)
    wrong |= lacking(FIELDS, given)
    if not wrong and not rest and _by_night(desk.values() | given):
        wrong["QUIET_FROM"] = BY_NIGHT
    moves = "PUBLIC_URL" in given and url != context().clinic.public_url
    if moves and not wrong and not outside.is_ours(Http(), url):
        wrong["PUBLIC_URL"] = NO_ANSWER
    if wrong or rest:
        return _page(_now() | given, wrong, rest, 422)
    kept(given)
    if not desk.clinic().emergency_known:
        return _page(_now() | given, {"CLINIC_EMERGENCY_NUMBER": NOT_KNOWN}, status=422)
    return step("moved", url=f"{url}{place('mail')}") if moves else go_on("mail")


def _of_address(url: str) -> dict[str, str]:
    """What goes with an address; how many proxies there are may have been said before."""
    goes = setup_link.of_address(url) | ({} if host.is_private(url) else {"AFTERCARE_ENV": "production"})
    if desk.values().get("PROXIES", "").strip():
        goes.pop("PROXIES", None)
    return {name: value for name, value in goes.items() if not desk.is_fixed(name)}


def _by_night(given: Mapping[str, str]) -> bool:
    """True when reminders would go out from the evening to the morning: the two times were exchanged."""
    first, last = given.get("QUIET_UNTIL", ""), given.get("QUIET_FROM", "")
    return bool(first and last) and MIDNIGHT != last <= first


def _now() -> dict[str, str]:
    """What is set; for the rest, what holds now, but nothing of the sample clinic."""
    ours = context().clinic
    sample = ours.is_sample
    holds = {
        "PUBLIC_URL": ours.public_url,
        "QUIET_FROM": f"{ours.policy.quiet_from:%H:%M}",
        "QUIET_UNTIL": f"{ours.policy.quiet_until:%H:%M}",
        "WORDING": ours.policy.wording,
    }
    for each in CLINIC:
        if each.name.startswith("CLINIC_") and not (each.sample and (sample or each.hint == OF_THE_COUNTRY)):
            holds[each.name] = str(getattr(ours, each.name.removeprefix("CLINIC_").lower()))
    return holds | desk.values()


def _page(
    shown: dict[str, str], wrong: dict[str, str], rest: Any = (), status: int = 200, error: str = ""
) -> Response:
    fields = [_with_choices(each) for each in FIELDS]
    more = {"fixed": desk.is_fixed, "at": "my_password" if error else "", "error": error}
    return step("clinic", status, fields=fields, shown=shown, wrong=wrong, rest=rest, **more)


def _with_choices(field: Field) -> Field:
    t = say()
    first = {"": t("Choose …")}
    if field.name == "CLINIC_ZONE":
        known_zones = sorted(name for name in available_timezones() if "/" in name)
        return replace(field, choices=first | {name: name for name in known_zones})
    if field.name == "CLINIC_COUNTRY":
        names = Locale(language()).territories
        known = sorted((str(names.get(code, code)), code) for code in phone.COUNTRIES)
        return replace(field, choices=first | {code: name for name, code in known})
    return replace(field, choices={value: t(text) for value, text in field.choices.items()})
