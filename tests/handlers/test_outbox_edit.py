"""What a person does to messages and plans, and that it stays done."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from handlers import edits, outbox_edit, plans, work
from handlers.choosing_edit import Edit, EditRefused
from handlers.house import House
from handlers.outbox_edit import NotNow
from schemas.delivery import Delivery, DeliveryStatus, Purpose
from store import audit, deliveries, intakes
from store import plans as stored_plans
from store.plans import StoredPlan
from tests.console_support import answer, visit
from tests.support import NOW, Mailbox

BY = "Mara Field"
ROLLER = "inh_upper_back_roller"


def newest(house: House, number: int) -> StoredPlan:
    with house.db.read() as tx:
        found = stored_plans.newest(tx, number)
    assert found is not None
    return found


def message(house: House, number: int, purpose: Purpose = Purpose.plan) -> Delivery:
    with house.db.read() as tx:
        return [one for one in deliveries.of_booking(tx, number) if one.purpose is purpose][-1]


def answered(house: House, **changes: Any) -> int:
    number = visit(house, start=NOW - timedelta(hours=1))
    answer(house, number, **changes)
    return number


def say(house: House, number: int, now: datetime, **changes: str) -> None:
    """The client's answers are other ones from now on."""
    with house.db.begin() as tx:
        intake = intakes.of_booking(tx, number)
        assert intake is not None
        intakes.save(tx, intake, "health", intake.answers | changes, dict(changes), now)
        plans.draft(tx, house, number, now)


def change(house: House, number: int, **parts: object) -> None:
    with house.db.begin() as tx:
        outbox_edit.change_plan(tx, house, number, Edit(author=BY, **parts), NOW)  # type: ignore[arg-type]


def test_an_edit_comes_back_from_json_as_it_was() -> None:
    one = Edit(BY, "LMT", ("a",), ("b",), (("c", "d"),), (("e", 2),), "why")
    assert edits.load(edits.dump(one)) == one


def test_a_change_is_applied_to_every_later_draft(house: House) -> None:
    number = answered(house)
    kept = newest(house, number).content["items"][0]["exercise_id"]
    change(house, number, remove=(kept,), add=("calm_belly_breath",))
    say(house, number, NOW, minutes_per_day="15")
    names = [item["exercise_id"] for item in newest(house, number).content["items"]]
    assert kept not in names
    assert "calm_belly_breath" in names


def test_a_change_that_later_answers_forbid_holds_the_plan(house: House) -> None:
    number = answered(house, equipment=["foam_roller"])
    gone = newest(house, number).content["items"][0]["exercise_id"]
    change(house, number, add=(ROLLER,), remove=(gone,))
    assert ROLLER in [item["exercise_id"] for item in newest(house, number).content["items"]]
    say(house, number, NOW, cond_bone="osteoporosis")
    stored = newest(house, number)
    assert stored.status == "held"
    assert ROLLER not in [item["exercise_id"] for item in stored.content["items"]]


def test_the_filter_refuses_what_an_answer_blocks_and_nothing_is_kept(house: House) -> None:
    number = answered(house, cond_bone="osteoporosis")
    before = newest(house, number)
    with pytest.raises(EditRefused):
        change(house, number, add=(ROLLER,))
    assert newest(house, number) == before


def test_a_reason_without_a_credential_does_not_override(house: House) -> None:
    number = answered(house, cond_bone="osteoporosis")
    with pytest.raises(EditRefused):
        change(house, number, add=(ROLLER,), reason="I want it")


def test_a_plan_that_was_released_and_then_changed_needs_a_new_release(house: House) -> None:
    number = answered(house, pain_now="9", pain_worst24="9")
    with house.db.begin() as tx:
        outbox_edit.release_plan(tx, house, number, BY, NOW)
    assert newest(house, number).status == "released"
    kept = newest(house, number).content["items"][0]["exercise_id"]
    change(house, number, remove=(kept,))
    assert newest(house, number).status == "held"


def test_a_plan_that_was_sent_is_not_changed_any_more(house: House, mailbox: Mailbox) -> None:
    number = visit(house, start=NOW - timedelta(hours=3))
    answer(house, number)
    work.work_once(house, NOW)
    assert newest(house, number).status == "sent"
    with pytest.raises(NotNow):
        change(house, number, add=("calm_belly_breath",))
    with house.db.begin() as tx, pytest.raises(NotNow):
        outbox_edit.hold_plan(tx, number, BY, NOW)


def test_a_held_plan_goes_out_when_it_is_released_and_only_then(house: House, mailbox: Mailbox) -> None:
    number = visit(house, start=NOW - timedelta(hours=3))
    answer(house, number)
    with house.db.begin() as tx:
        outbox_edit.hold_plan(tx, number, BY, NOW)
    work.work_once(house, NOW + timedelta(hours=1))
    assert message(house, number).status is DeliveryStatus.held
    with house.db.begin() as tx:
        outbox_edit.release(tx, house, message(house, number).id, BY, NOW + timedelta(hours=2))
    work.work_once(house, NOW + timedelta(hours=2))
    assert message(house, number).status is DeliveryStatus.sent
    assert mailbox.kinds().count("plan") == 1


def test_sending_now_does_not_go_past_the_decision_of_the_moment(house: House, mailbox: Mailbox) -> None:
    number = visit(house, start=NOW - timedelta(hours=1))
    answer(house, number, rf_saddle="yes")
    with house.db.begin() as tx:
        outbox_edit.send_now(tx, message(house, number).id, BY, NOW)
    work.work_once(house, NOW + timedelta(hours=1))
    assert message(house, number).reason == "red_flag"
    assert "plan" not in mailbox.kinds()


def test_a_dead_message_is_tried_again_as_the_same_message(house: House, mailbox: Mailbox) -> None:
    number = visit(house, start=NOW + timedelta(days=5), now=NOW)
    mailbox.refuse = "550 no such mailbox"
    work.work_once(house, NOW + timedelta(minutes=1))
    dead = message(house, number, Purpose.intake)
    assert dead.status is DeliveryStatus.dead
    mailbox.refuse = ""
    with house.db.begin() as tx:
        outbox_edit.send_now(tx, dead.id, BY, NOW + timedelta(minutes=2))
    work.work_once(house, NOW + timedelta(minutes=2))
    again = message(house, number, Purpose.intake)
    assert (again.id, again.key, again.status) == (dead.id, dead.key, DeliveryStatus.sent)


def test_every_act_is_in_the_log_with_a_name(house: House) -> None:
    number = visit(house, start=NOW + timedelta(days=5), now=NOW)
    one = message(house, number, Purpose.intake)
    with house.db.begin() as tx:
        outbox_edit.hold(tx, one.id, BY, NOW)
        outbox_edit.release(tx, house, one.id, BY, NOW)
        outbox_edit.send_now(tx, one.id, BY, NOW)
        outbox_edit.withdraw(tx, one.id, BY, NOW)
    with house.db.read() as tx:
        acts = [(line.actor, line.action) for line in audit.log(tx, subject=f"delivery:{one.id}")]
    assert acts == [(BY, "withdraw"), (BY, "send_now"), (BY, "release"), (BY, "hold")]


def test_what_changed_in_the_meantime_is_not_acted_on(house: House) -> None:
    number = visit(house, start=NOW + timedelta(days=5), now=NOW)
    one = message(house, number, Purpose.intake)
    with house.db.begin() as tx:
        outbox_edit.withdraw(tx, one.id, BY, NOW)
        for act in (outbox_edit.hold, outbox_edit.withdraw, outbox_edit.resend):
            with pytest.raises(NotNow):
                act(tx, one.id, BY, NOW)
