"""What a person does to messages and plans, and that it stays done."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from clinical.plan.edit import Edit, EditRefused
from handlers.context import Context
from handlers.plans import by_hand as plans_by_hand
from handlers.plans import drafting, edits
from handlers.plans.basis import NotNow
from handlers.send import by_hand
from handlers.worker import work
from library.content import Library
from schemas.delivery import Delivery, DeliveryStatus, Purpose
from schemas.plan import StoredPlan
from store import audit, deliveries
from store import plans as stored_plans
from tests.helpers.clinic import NOW, with_content, with_policy
from tests.helpers.console import answer, visit
from tests.helpers.mailbox import Mailbox

BY = "Mara Field"
ROLLER = "inh_upper_back_roller"


def newest(context: Context, number: int) -> StoredPlan:
    with context.db.read() as tx:
        found = stored_plans.newest(tx, number)
    assert found is not None
    return found


def message(context: Context, number: int, purpose: Purpose = Purpose.plan) -> Delivery:
    with context.db.read() as tx:
        return [one for one in deliveries.of_booking(tx, number) if one.purpose is purpose][-1]


def answered(context: Context, **changes: Any) -> int:
    number = visit(context, start=NOW - timedelta(hours=1))
    answer(context, number, **changes)
    return number


def drafted(context: Context, number: int) -> None:
    """The plan is chosen once more, by what holds now."""
    with context.db.begin() as tx:
        drafting.draft(tx, context, number, NOW)


def blocked_for_desk_work(library: Library) -> Library:
    """The content after the clinic took the roller from who sits at a desk."""
    content = library.plan_content
    roller = content.exercises[ROLLER]
    stricter = replace(roller, avoid=roller.avoid | {"activity_profile=desk"})
    changed = replace(content, exercises={**content.exercises, ROLLER: stricter})
    return replace(library, plan_content=changed)


def change(context: Context, number: int, **parts: object) -> None:
    with context.db.begin() as tx:
        plans_by_hand.change_plan(tx, context, number, Edit(author=BY, **parts), NOW)  # type: ignore[arg-type]


def test_an_edit_comes_back_from_json_as_it_was() -> None:
    one = Edit(BY, "LMT", ("a",), ("b",), (("c", "d"),), (("e", 2),), "why")
    assert edits.load(edits.dump(one)) == one


def test_a_change_is_applied_to_every_later_draft(context: Context) -> None:
    number = answered(context)
    kept = newest(context, number).content["items"][0]["exercise_id"]
    change(context, number, remove=(kept,), add=("calm_belly_breath",))
    drafted(with_policy(context, plan_moves=2), number)
    names = [item["exercise_id"] for item in newest(context, number).content["items"]]
    assert kept not in names
    assert "calm_belly_breath" in names


def test_a_change_that_a_later_rule_forbids_holds_the_plan(context: Context) -> None:
    number = answered(context, equipment=["foam_roller"])
    gone = newest(context, number).content["items"][0]["exercise_id"]
    change(context, number, add=(ROLLER,), remove=(gone,))
    assert ROLLER in [item["exercise_id"] for item in newest(context, number).content["items"]]
    drafted(with_content(context, blocked_for_desk_work), number)
    stored = newest(context, number)
    assert stored.status == "held"
    assert ROLLER not in [item["exercise_id"] for item in stored.content["items"]]


def test_the_filter_refuses_what_an_answer_blocks_and_nothing_is_kept(context: Context) -> None:
    number = answered(context, cond_bone="osteoporosis")
    before = newest(context, number)
    with pytest.raises(EditRefused):
        change(context, number, add=(ROLLER,))
    assert newest(context, number) == before


def test_a_reason_without_a_credential_does_not_override(context: Context) -> None:
    number = answered(context, cond_bone="osteoporosis")
    with pytest.raises(EditRefused):
        change(context, number, add=(ROLLER,), reason="I want it")


def test_a_plan_that_was_released_and_then_changed_needs_a_new_release(context: Context) -> None:
    number = answered(context, pain_now="9", pain_worst24="9")
    with context.db.begin() as tx:
        plans_by_hand.release_plan(tx, context, number, BY, NOW)
    assert newest(context, number).status == "released"
    kept = newest(context, number).content["items"][0]["exercise_id"]
    change(context, number, remove=(kept,))
    assert newest(context, number).status == "held"


def test_a_plan_that_was_sent_is_corrected_and_not_held_any_more(context: Context, mailbox: Mailbox) -> None:
    number = visit(context, start=NOW - timedelta(hours=3))
    answer(context, number)
    work.work_once(context, NOW)
    assert newest(context, number).status == "sent"
    with context.db.begin() as tx, pytest.raises(NotNow):
        plans_by_hand.hold_plan(tx, number, BY, NOW)
    change(context, number, add=("calm_belly_breath",))
    assert newest(context, number).origin.corrected
    work.work_once(context, NOW + timedelta(minutes=10))
    assert [kind for kind in mailbox.kinds() if kind == "plan"] == ["plan", "plan"]


@pytest.mark.B4
def test_a_held_plan_goes_out_when_it_is_released_and_only_then(context: Context, mailbox: Mailbox) -> None:
    number = visit(context, start=NOW - timedelta(hours=3))
    answer(context, number)
    with context.db.begin() as tx:
        plans_by_hand.hold_plan(tx, number, BY, NOW)
    work.work_once(context, NOW + timedelta(hours=1))
    assert message(context, number).status is DeliveryStatus.held
    with context.db.begin() as tx:
        by_hand.release(tx, context, message(context, number).id, BY, NOW + timedelta(hours=2))
    work.work_once(context, NOW + timedelta(hours=2))
    assert message(context, number).status is DeliveryStatus.sent
    assert mailbox.kinds().count("plan") == 1


def test_sending_now_does_not_go_past_the_decision_of_the_moment(context: Context, mailbox: Mailbox) -> None:
    number = visit(context, start=NOW - timedelta(hours=1))
    answer(context, number, rf_saddle="yes")
    with context.db.begin() as tx:
        by_hand.send_now(tx, message(context, number).id, BY, NOW)
    work.work_once(context, NOW + timedelta(hours=1))
    assert message(context, number).reason == "red_flag"
    assert "plan" not in mailbox.kinds()


def test_a_dead_message_is_tried_again_as_the_same_message(context: Context, mailbox: Mailbox) -> None:
    number = visit(context, start=NOW + timedelta(days=5), now=NOW)
    mailbox.refuse = "550 no such mailbox"
    work.work_once(context, NOW + timedelta(minutes=1))
    dead = message(context, number, Purpose.intake)
    assert dead.status is DeliveryStatus.dead
    mailbox.refuse = ""
    with context.db.begin() as tx:
        by_hand.send_now(tx, dead.id, BY, NOW + timedelta(minutes=2))
    work.work_once(context, NOW + timedelta(minutes=2))
    again = message(context, number, Purpose.intake)
    assert (again.id, again.key, again.status) == (dead.id, dead.key, DeliveryStatus.sent)


@pytest.mark.B4
def test_every_act_is_in_the_log_with_a_name(context: Context) -> None:
    number = visit(context, start=NOW + timedelta(days=5), now=NOW)
    one = message(context, number, Purpose.intake)
    with context.db.begin() as tx:
        by_hand.hold(tx, one.id, BY, NOW)
        by_hand.release(tx, context, one.id, BY, NOW)
        by_hand.send_now(tx, one.id, BY, NOW)
        by_hand.withdraw(tx, one.id, BY, NOW)
    with context.db.read() as tx:
        acts = [(line.actor, line.action) for line in audit.log(tx, subject=f"delivery:{one.id}")]
    assert acts == [(BY, "withdraw"), (BY, "send_now"), (BY, "release"), (BY, "hold")]


def test_what_changed_in_the_meantime_is_not_acted_on(context: Context) -> None:
    number = visit(context, start=NOW + timedelta(days=5), now=NOW)
    one = message(context, number, Purpose.intake)
    with context.db.begin() as tx:
        by_hand.withdraw(tx, one.id, BY, NOW)
        for act in (by_hand.hold, by_hand.withdraw, by_hand.resend):
            with pytest.raises(NotNow):
                act(tx, one.id, BY, NOW)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_no_worker_claims_a_message_between_a_persons_look_and_their_act(context: Context) -> None:
    answered(context)
    drafted(context, 1)
    one = message(context, 1)
    due = one.due_at + timedelta(hours=1)
    with context.db.begin() as tx:
        by_hand._in(tx, one.id, (one.status,))
        with context.db.begin() as other:
            claimed = deliveries.claim(other, due, 50)
        assert one.id not in [each.id for each in claimed]
    with context.db.begin() as tx:
        assert one.id in [each.id for each in deliveries.claim(tx, due, 50)]
