"""Lists for the console, on both databases."""

from datetime import timedelta

from handlers.house import House
from store import board, client_words, intakes, views
from store.board import Share
from store.client_words import words
from tests.console_support import answer, visit
from tests.support import NOW


def test_a_day_holds_its_visits_in_order_with_what_is_known(house: House) -> None:
    late = visit(house, "u2", start=NOW + timedelta(hours=5), name="Ann Bee", email="ann@example.org")
    early = visit(house, "u1", start=NOW + timedelta(hours=1))
    visit(house, "u3", start=NOW + timedelta(days=2), name="Tom Ray", email="tom@example.org")
    answer(house, early, pain_avg7="7", pain_now="8", pain_worst24="9")
    with house.db.read() as tx:
        found = views.day(tx, NOW, NOW + timedelta(days=1))
        mine = views.day(tx, NOW, NOW + timedelta(days=1), practitioner="Nobody")
    assert [one.id for one in found] == [early, late]
    assert (found[0].intake, found[0].flags, found[0].drafted) == ("done", ("review",), "held")
    assert found[0].pains[-1].score == 7
    assert (found[1].intake, found[1].pains, found[1].plan_status) == ("open", (), "scheduled")
    assert mine == []


def test_an_answer_from_the_last_check_in_comes_after_that_of_the_intake(house: House) -> None:
    number = visit(house, start=NOW + timedelta(hours=1))
    answer(house, number)
    with house.db.read() as tx:
        assert views.day(tx, NOW, NOW + timedelta(days=1), pain=False)[0].pains == ()


def test_the_outbox_is_paged_without_losing_or_doubling_a_message(house: House) -> None:
    for number in range(20):
        visit(
            house,
            f"u{number}",
            start=NOW + timedelta(days=8, minutes=number),
            name=f"Client {number}",
            email=f"c{number}@example.org",
            now=NOW,
        )
    with house.db.read() as tx:
        pages = [views.outbox(tx, statuses=("scheduled", "held"), upward=True, page=n) for n in (1, 2, 3)]
        plans = views.outbox(tx, statuses=("scheduled",), purpose="plan")
    shown = [one.id for page in pages for one in page[: views.PAGE]]
    assert len(shown) == len(set(shown)) == 80
    assert [len(page) for page in pages] == [51, 30, 0]
    assert {one.reason for one in plans} == {"no_intake"}
    assert [one.due_at for one in plans] == sorted((one.due_at for one in plans), reverse=True)


def test_what_waits_is_counted_up_to_a_limit(house: House) -> None:
    visit(house, start=NOW + timedelta(days=8), now=NOW)
    with house.db.read() as tx:
        assert views.waiting(tx, ("scheduled",)) == 4
        assert views.waiting(tx, ("scheduled",), most=2) == 2


def test_words_are_found_by_their_beginning_on_both_databases(house: House) -> None:
    visit(house, "u1")
    visit(house, "u2", name="Zora Neale", email="zora@example.org")
    with house.db.read() as tx:
        both = client_words.find(tx, "ZO")
        one = client_words.find(tx, "zo łu")
        none = client_words.find(tx, "zo%")
        nobody = client_words.find(tx, "  ")
    assert sorted(row.name for row in both) == ["Zora Neale", "Zoë Łuć"]
    assert [row.name for row in one] == ["Zoë Łuć"]
    assert len(none) == 2
    assert nobody == []


def test_the_words_of_a_client_are_few_and_plain() -> None:
    assert words("Zoë  Łuć-Smith", "Zoe@Example.org", "+1 (555) 010-4242") == [
        *("0104242", "15550104242", "4242", "luc", "smith", "zoe", "zoe@example.org")
    ]
    assert words("", "", "12") == []


def test_the_board_counts_intakes_that_came_before_the_visit(house: House) -> None:
    early = visit(house, "u1", start=NOW + timedelta(hours=1))
    visit(house, "u2", start=NOW + timedelta(hours=2), name="Ann Bee", email="ann@example.org")
    answer(house, early)
    with house.db.read() as tx:
        share = board.intakes_in_time(tx, NOW, NOW + timedelta(days=1))
        nothing = board.intakes_in_time(tx, NOW + timedelta(days=5), NOW + timedelta(days=6))
    assert (share.part, share.whole, share.percent) == (1, 2, 50)
    assert nothing.percent is None


def test_alerts_count_as_seen_only_in_time_and_as_false_only_when_cleared(house: House) -> None:
    number = visit(house, start=NOW + timedelta(hours=1))
    answer(house, number, NOW, rf_saddle="yes")
    period = (NOW - timedelta(days=1), NOW + timedelta(days=1), timedelta(hours=1))
    with house.db.begin() as tx:
        assert board.alerts(tx, *period) == (Share(0, 1), Share(0, 1))
        intakes.flags_seen(tx, number, NOW + timedelta(minutes=50))
        flag = intakes.flags_of(tx, number)[0]["id"]
        intakes.clear_flag(tx, flag, "Mara Field, LMT", "Seen at the hospital", NOW + timedelta(hours=3))
        assert board.alerts(tx, *period) == (Share(1, 1), Share(1, 1))
