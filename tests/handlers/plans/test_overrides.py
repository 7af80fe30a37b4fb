"""A plan with a signed override waits again as soon as something new speaks against its exercise."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from clinical.plan.edit import Edit
from handlers.context import Context
from handlers.plans import by_hand, drafting, edits, release
from handlers.plans.basis import NotNow
from handlers.worker import work
from library.content import Library
from schemas.plan import Override, StoredPlan
from schemas.session_note import SendWish, SessionNote
from store import audit, notes, plan_edits, plans
from tests.helpers.clinic import NOW, with_content
from tests.helpers.console import answer, visit
from tests.helpers.mailbox import Mailbox

BY, ROLLER, WHY = "Mara Field", "inh_upper_back_roller", "Shown in the visit, soft roller"
DUE = NOW + timedelta(hours=4)


def stricter(library: Library) -> Library:
    """The content after the clinic took the roller from who sits at a desk."""
    content = library.plan_content
    roller = content.exercises[ROLLER]
    changed = replace(roller, avoid=roller.avoid | {"activity_profile=desk"})
    return replace(library, plan_content=replace(content, exercises={**content.exercises, ROLLER: changed}))


def newest(context: Context, number: int) -> StoredPlan:
    with context.db.read() as tx:
        found = plans.newest(tx, number)
    assert found is not None
    return found


def names(context: Context, number: int) -> list[str]:
    return [item.exercise_id for item in newest(context, number).plan.items]


def acts(context: Context, act: Callable[..., Any], *args: Any) -> Any:
    with context.db.begin() as tx:
        return act(tx, context, *args)


def signed(context: Context, start: datetime = NOW - timedelta(hours=1)) -> int:
    """A visit whose plan has the roller past the filter, against thin bones."""
    number = visit(context, start=start)
    answer(context, number, cond_bone="osteoporosis", equipment=["foam_roller"])
    gone = newest(context, number).plan.items[0].exercise_id
    change = Edit(BY, "LMT", remove=(gone,), add=(ROLLER,), reason=WHY)
    acts(context, by_hand.change_plan, number, change, NOW)
    assert ROLLER in names(context, number)
    return number


def test_a_draft_goes_on_with_it_while_nothing_is_new(context: Context) -> None:
    number = signed(context)
    before = newest(context, number)
    acts(context, drafting.draft, number, DUE)
    assert newest(context, number) == before
    assert [one.facts for one in before.plan.overrides] == [("cond_bone=osteoporosis",)]


def test_a_draft_drops_it_and_waits_when_something_new_comes_up(context: Context) -> None:
    number, later = signed(context), with_content(context, stricter)
    acts(later, drafting.draft, number, DUE)
    found = newest(later, number)
    assert found.status == "held"
    assert ROLLER not in names(later, number)
    new = [one.fact for one in found.plan.reasons if one.key == "new_since"]
    assert new == ["activity_profile=desk"]


def test_whoever_signs_again_signs_for_the_new_fact_too(context: Context) -> None:
    number, later = signed(context), with_content(context, stricter)
    acts(later, drafting.draft, number, DUE)
    gone = newest(later, number).plan.items[0].exercise_id
    acts(later, by_hand.change_plan, number, Edit(BY, "PT", remove=(gone,), add=(ROLLER,), reason=WHY), DUE)
    acts(later, drafting.draft, number, DUE)
    assert ROLLER in names(later, number)
    assert len(newest(later, number).plan.overrides) == 2
    with later.db.read() as tx:
        assert len(audit.log(tx, action="override")) == 2


def test_a_plan_that_was_let_out_and_waits_for_its_hour_is_kept_back(
    context: Context, mailbox: Mailbox
) -> None:
    number, later = signed(context), with_content(context, stricter)
    acts(context, by_hand.release_plan, number, BY, NOW)
    work.work_once(later, DUE)
    assert "plan" not in mailbox.kinds()
    with pytest.raises(NotNow):
        acts(later, by_hand.release_plan, number, BY, DUE)
    gone = tuple(newest(later, number).plan.items)
    acts(
        later,
        by_hand.change_plan,
        number,
        Edit(BY, "PT", levels=((gone[0].exercise_id, 1),), reason=WHY),
        DUE,
    )
    acts(later, by_hand.release_plan, number, BY, DUE)
    work.work_once(later, DUE + timedelta(minutes=1))
    assert mailbox.kinds().count("plan") == 1
    assert ROLLER in names(later, number)


def test_a_change_of_before_that_kept_no_facts_waits_for_a_new_signature(context: Context) -> None:
    number = visit(context, start=NOW - timedelta(hours=1))
    answer(context, number, cond_bone="osteoporosis", equipment=["foam_roller"])
    old = edits.dump(Edit(BY, "LMT", add=(ROLLER,), reason=WHY))
    del old["overrides"]
    with context.db.begin() as tx:
        plan_edits.add(tx, number, BY, old, NOW)
    acts(context, drafting.draft, number, NOW)
    assert newest(context, number).status == "held"
    assert ROLLER not in names(context, number)


def test_a_note_keeps_what_it_signed_against(context: Context) -> None:
    number, later = visit(context, start=NOW - timedelta(hours=1)), with_content(context, stricter)
    answer(context, number, cond_bone="osteoporosis", equipment=["foam_roller"])
    note = SessionNote(SendWish.HOLD, BY, "LMT", add=(ROLLER,), add_reason=WHY)
    acts(context, release.add_note, number, note, NOW)
    with context.db.read() as tx:
        kept = notes.newest(tx, number)
    assert kept is not None
    assert kept.overrides == (Override(ROLLER, ("cond_bone=osteoporosis",), WHY, BY, "LMT"),)
    assert ROLLER in names(context, number)
    acts(later, drafting.draft, number, DUE)
    assert ROLLER not in names(later, number)
    assert any(one.fact == f"override={ROLLER}" for one in newest(later, number).plan.reasons)
