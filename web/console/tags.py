"""One visit as one line of the day: every state as a word and a colour."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from handlers.context import Context
from render.language import readable
from schemas.intake import IntakeStatus
from schemas.plan import PlanStatus
from schemas.reason import Reason
from schemas.rules import Severity
from store.views.days import Visit
from store.views.pains import Pain
from web.console.labels import sentence
from web.language import Say, say_in

INTAKE = {
    IntakeStatus.open: ("Missing", "warn"),
    IntakeStatus.started: ("Half done", "warn"),
    IntakeStatus.done: ("Done", "good"),
}
FLAGS = {
    Severity.STOP_EMERGENCY: ("Stop: emergency", "bad"),
    Severity.STOP_URGENT: ("Stop: see a doctor", "bad"),
    Severity.REVIEW: ("Look first", "warn"),
    Severity.ADJUST: ("Note", "calm"),
}
PLAN = {
    "scheduled": ("Goes out", "calm"),
    "sending": ("Going out", "calm"),
    "held": ("Waits", "warn"),
    "sent": ("Sent", "good"),
    "unknown": ("Sent, not confirmed", "warn"),
    "skipped": ("Not sent", "calm"),
    "withdrawn": ("Not sent", "calm"),
    "dead": ("Failed", "bad"),
}
STATUS = {
    "pending": ("Not confirmed", "warn"),
    "cancelled": ("Cancelled", "calm"),
    "no_show": ("Did not come", "calm"),
}
GOES_OUT = (PlanStatus.draft, PlanStatus.released)
FOR_YOU = ("Waits for you", "warn")
HELD = PLAN["held"]
Tag = tuple[str, str]


def lines(
    visits: Sequence[Visit], context: Context, now: datetime, language: str, *, clinical: bool
) -> list[dict[str, Any]]:
    """What the day shows of each visit; without `clinical` neither flags nor pain."""
    say = say_in(language)
    return [_line(visit, context, now, say, language, clinical) for visit in visits]


def _line(
    visit: Visit, context: Context, now: datetime, say: Say, language: str, clinical: bool
) -> dict[str, Any]:
    on = visit.status == "confirmed"
    worst = sorted(visit.flags, key=lambda flag: flag.rank)[:1] if clinical else []
    start = visit.start.astimezone(context.zone())
    return {
        "visit": visit,
        "clock": readable.clock(start, language),
        "iso": readable.utc(visit.start),
        "on": on,
        "over": visit.end < now,
        "going_on": on and visit.start <= now < visit.end,
        "theirs": _theirs(visit, context, language),
        "status": _said(STATUS.get(visit.status), say),
        "intake": intake_tag(visit.intake, visit.reviewed, say) if on else None,
        "missing": on and visit.intake in (IntakeStatus.open, IntakeStatus.started),
        "flag": _said(FLAGS[worst[0]], say) if worst else None,
        "more_flags": len(visit.flags) - 1,
        "grave": bool(worst) and worst[0].stops,
        "look": worst == [Severity.REVIEW],
        "pain": visit.pains[-1].score if visit.pains and clinical else None,
        "pain_from": _source(visit.pains[-1], context, say, language) if visit.pains and clinical else "",
        "trend": trend(visit.pains, say) if clinical else "",
        "spark": spark(visit.pains) if clinical else "",
        "plan": _plan(visit, say, clinical),
        "goes_out": on
        and visit.plan_status == "scheduled"
        and not visit.who_open
        and visit.drafted in GOES_OUT,
        "plan_why": sentence(_why(visit), say, clinical=clinical),
        "held": on and _waits(visit),
    }


def _source(pain: Pain, context: Context, say: Say, language: str) -> str:
    """When a pain was told, and where."""
    day = readable.short_date(pain.at.astimezone(context.zone()).date(), language)
    return say("Check-in of {day}", day=day) if pain.check_in else say("Form of {day}", day=day)


def _said(tag: Tag | None, say: Say) -> Tag | None:
    return (say(tag[0]), tag[1]) if tag else None


def intake_tag(status: IntakeStatus | None, reviewed: bool, say: Say) -> Tag:
    """Where an intake stands, as a word and a colour."""
    if status is None:
        return say("None asked"), "calm"
    if status is IntakeStatus.done and reviewed:
        return say("Reviewed"), "good"
    text, colour = INTAKE[status]
    return say(text), colour


def _plan(visit: Visit, say: Say, clinical: bool) -> Tag | None:
    stops = any(flag.stops for flag in visit.flags)
    tag = plan_tag(
        visit.plan_status,
        visit.intake is IntakeStatus.done,
        stops,
        visit.drafted,
        say,
        who_open=visit.who_open,
    )
    waits = tag is not None and (tag == _said(FOR_YOU, say) or (stops and tag[1] == "bad"))
    return (say("Waits"), "warn") if waits and not clinical else tag


def _why(visit: Visit) -> Reason:
    """Why a plan does not go out; `none` for one that does."""
    if visit.plan_status == "scheduled" and visit.who_open:
        return Reason.who_is_it
    return visit.plan_reason if visit.plan_status in ("held", "skipped", "dead") else Reason.none


def plan_tag(
    status: str, answered: bool, stops: bool, drafted: PlanStatus | None, say: Say, *, who_open: bool
) -> Tag | None:
    """Where a plan stands; one that is still to go out is shown as would be decided now.

    `who_open`: staff are asked who comes, and until they say nothing goes to the client.
    """
    if status != "scheduled":
        return _said(PLAN.get(status), say)
    if stops:
        return say("Blocked"), "bad"
    if who_open:
        return _said(HELD, say)
    if not answered:
        return say("After the intake"), "calm"
    return _said(FOR_YOU if drafted is PlanStatus.held else PLAN["scheduled"], say)


def _waits(visit: Visit) -> bool:
    """True for a plan that somebody has to look at."""
    if visit.plan_status == "held":
        return visit.plan_reason != Reason.no_intake
    return visit.plan_status == "scheduled" and visit.drafted is PlanStatus.held


def _theirs(visit: Visit, context: Context, language: str) -> str:
    """The time where the client is, with the zone, where it is not the one on the clinic's wall."""
    if not visit.zone or visit.zone == context.clinic.zone:
        return ""
    return f"{readable.clock(visit.start.astimezone(context.zone(visit.zone)), language)} {visit.zone}"


def trend(pains: Sequence[Pain], say: Say) -> str:
    """How pain went since the answer before, in words."""
    if len(pains) < 2:
        return ""
    change = pains[-1].score - pains[0].score
    if change == 0:
        return say("as before")
    return say("{n} less", n=-change) if change < 0 else say("{n} more", n=change)


def spark(pains: Sequence[Pain]) -> str:
    """The points of a small line, 60 by 20, pain 10 at the top."""
    if len(pains) < 2:
        return ""
    step = 54 / (len(pains) - 1)
    return " ".join(f"{3 + step * i:.1f},{17 - 1.4 * one.score:.1f}" for i, one in enumerate(pains))
