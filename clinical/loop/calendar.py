"""When a plan is asked about: the days of each check-in, what one counts, how long a reply may take."""

from datetime import time, timedelta

from schemas.checkin import CheckInKind, Tick

ASKED_AT = time(10)  # of the client's morning
AFTER = {  # days after the session
    CheckInKind.h24: 1,
    CheckInKind.d3: 3,
    CheckInKind.w1: 7,
    CheckInKind.w2: 14,
    CheckInKind.w4: 28,
}
ANSWERED_WITHIN = timedelta(days=2)  # then there is one reminder
NOT_REMINDED = (CheckInKind.h24,)  # the question of day 3 comes instead
MOST_MISSED = 2  # in a row: then the clinic is alerted and the client is left in peace


def window_days(kind: CheckInKind | Tick) -> int:
    """How many days back a reply counts the days done."""
    if isinstance(kind, Tick):
        return 1
    return 3 if kind is CheckInKind.d3 else 7
