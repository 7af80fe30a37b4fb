"""What the board counts of pain and activities, four weeks after a visit."""

from datetime import timedelta

import pytest

from handlers.checkins import progress
from handlers.context import Context
from schemas.checkin import CheckInKind
from store import checkins, plans
from store.views.board import Share
from tests.helpers.answers import fill_in
from tests.helpers.clinic import NOW
from tests.helpers.visits import book

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LATER = NOW + timedelta(days=35)
NOTHING, NO, YES = Share(0, 0), Share(0, 1), Share(1, 1)


@pytest.mark.parametrize(
    ("reply", "eased", "abler"),
    [
        ({"pain_avg7": "4", "act1_score": "7"}, YES, YES),
        ({"pain_avg7": "5", "act1_score": "6"}, NO, NO),
        ({"pain_avg7": "4", "act1_score": "10", "act2_score": "2"}, YES, YES),
        ({"act2_score": "9"}, NOTHING, NOTHING),
    ],
    ids=["better", "not enough", "only what was scored before counts", "nothing to compare"],
)
def test_the_board_compares_week_four_with_the_intake(
    context: Context, reply: dict[str, str], eased: Share, abler: Share
) -> None:
    booking = book(context)
    fill_in(context, booking, pain_avg7="6", act1_score="5")
    with context.db.begin() as tx:
        plan = plans.newest(tx, booking.id)
        assert plan is not None
        asked = checkins.ask(tx, booking.id, plan.id, CheckInKind.w4, LATER)
        checkins.answer(tx, asked.id, reply, "hold", LATER)
        board = progress.board_of(tx, context, NOW, LATER + timedelta(days=1))
        told = progress.of_client(tx, context, booking.client_id)
    assert (board.eased, board.abler) == (eased, abler)
    assert told.activity[0][1] == 5


def test_what_was_hard_is_followed_in_the_words_of_the_client(context: Context) -> None:
    booking = book(context)
    fill_in(context, booking, act1_name="Stairs", act1_score="4", act2_name="Socks", act2_score="6")
    with context.db.begin() as tx:
        plan = plans.newest(tx, booking.id)
        assert plan is not None
        asked = checkins.ask(tx, booking.id, plan.id, CheckInKind.w4, LATER)
        checkins.answer(tx, asked.id, {"act1_score": "7", "act2_score": "7"}, "hold", LATER)
        outcomes = progress.of_client(tx, context, booking.client_id).outcomes
    growth = context.plan_content("en").choosing.growth
    assert [(one.words, one.first, one.last, one.is_clear(growth)) for one in outcomes] == [
        ("Stairs", 4, 7, True),
        ("Socks", 6, 7, False),
    ]
