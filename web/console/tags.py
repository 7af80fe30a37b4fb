"""One visit as one line of the day: every state as a word and a colour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
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


@dataclass(frozen=True, slots=True)
class State:
    """All that the state of a visit depends on: a day has many visits and few states."""

    status: str
    intake: IntakeStatus | None
    reviewed: bool
    flags: tuple[Severity, ...]
    drafted: PlanStatus | None
    plan_status: str
    plan_reason: Reason
    who_open: bool


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """A state in words and colours; the same one for every visit with this state, to be drawn once."""

    on: bool
    status: Tag | None
    intake: Tag | None
    missing: bool
    flag: Tag | None
    more_flags: int
    grave: bool
    look: bool
    plan: Tag | None
    goes_out: bool
    plan_why: str
    held: bool


def lines(
    visits: Sequence[Visit], context: Context, now: datetime, language: str, *, clinical: bool
) -> list[dict[str, Any]]:
    """What the day shows of each visit; without `clinical` neither flags nor pain."""
    say, zone = say_in(language), context.zone()
    words = cache(lambda state: _words(state, say, clinical))
    clock = cache(lambda start: readable.clock(start.astimezone(zone), language))
    return [
        {
            "visit": visit,
            "clock": clock(visit.start),
            "over": visit.end < now,
            "going_on": visit.status == "confirmed" and visit.start <= now < visit.end,
            "theirs": _theirs(visit, context, language),
            "words": words(_state(visit)),
            **(_pain(visit.pains, context, say, language) if clinical else NO_PAIN),
        }
        for visit in visits
    ]


def _state(visit: Visit) -> State:
    return State(
        visit.status,
        visit.intake,
        visit.reviewed,
        visit.flags,
        visit.drafted,
        visit.plan_status,
        visit.plan_reason,
        visit.who_open,
    )


def _words(state: State, say: Say, clinical: bool) -> Words:
    on = state.status == "confirmed"
    worst = sorted(state.flags, key=lambda flag: flag.rank)[:1] if clinical else []
    return Words(
        on=on,
        status=_said(STATUS.get(state.status), say),
        intake=intake_tag(state.intake, state.reviewed, say) if on else None,
        missing=on and state.intake in (IntakeStatus.open, IntakeStatus.started),
        flag=_said(FLAGS[worst[0]], say) if worst else None,
        more_flags=len(state.flags) - 1,
        grave=bool(worst) and worst[0].stops,
        look=worst == [Severity.REVIEW],
        plan=_plan(state, say, clinical),
        goes_out=on and state.plan_status == "scheduled" and not state.who_open and state.drafted in GOES_OUT,
        plan_why=sentence(_why(state), say, clinical=clinical),
        held=on and _waits(state),
    )


NO_PAIN = {"pain": None, "pain_from": "", "trend": "", "spark": ""}


def _pain(pains: Sequence[Pain], context: Context, say: Say, language: str) -> dict[str, Any]:
    if not pains:
        return NO_PAIN
    return {
        "pain": pains[-1].score,
        "pain_from": _source(pains[-1], context, say, language),
        "trend": trend(pains, say),
        "spark": spark(pains),
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


def _plan(state: State, say: Say, clinical: bool) -> Tag | None:
    stops = any(flag.stops for flag in state.flags)
    tag = plan_tag(
        state.plan_status,
        state.intake is IntakeStatus.done,
        stops,
        state.drafted,
        say,
        who_open=state.who_open,
    )
    waits = tag is not None and (tag == _said(FOR_YOU, say) or (stops and tag[1] == "bad"))
    return (say("Waits"), "warn") if waits and not clinical else tag


def _why(state: State) -> Reason:
    """Why a plan does not go out; `none` for one that does."""
    if state.plan_status == "scheduled" and state.who_open:
        return Reason.who_is_it
    return state.plan_reason if state.plan_status in ("held", "skipped", "dead") else Reason.none


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


def _waits(state: State) -> bool:
    """True for a plan that somebody has to look at."""
    if state.plan_status == "held":
        return state.plan_reason != Reason.no_intake
    return state.plan_status == "scheduled" and state.drafted is PlanStatus.held


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
