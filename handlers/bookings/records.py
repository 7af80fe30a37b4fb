"""What is known of each identifier at a scheduler, and which one of a thread is current: pure functions."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace

from schemas.booking import BookingState, BookingStatus, Record
from schemas.notions.order import HINT, NEVER
from schemas.webhook import Notice


def fold(record: Record, notice: Notice, *, cancel_is_final: bool, read: bool = False) -> Record:
    """What we know of an identifier after a notice. Commutative and idempotent for webhooks."""
    if notice.makes and _ended(record):
        return record
    record = _fold_mark(record, notice)
    if notice.gone:
        record = _fold_gone(record, notice, for_good=cancel_is_final and not read)
    state = notice.booking
    if state is None:
        return record
    if state.status is BookingStatus.cancelled and cancel_is_final:
        record = replace(record, cancelled=True)
    record = replace(
        record,
        replaces=max(record.replaces, state.replaces),
        replaced_by=max(record.replaced_by, state.replaced_by),
        root=max(record.root, state.root),
        series=max(record.series, state.series),
    )
    if not _supersedes(record, notice, read=read):
        return record
    version, at = (HINT, None) if notice.hint else (notice.version, notice.occurred_at)
    record = replace(record, state=state, version=version, occurred_at=at)
    if not read:
        return record
    return replace(record, no_show=state.status is BookingStatus.no_show, no_show_at=at)


def _fold_gone(record: Record, notice: Notice, *, for_good: bool) -> Record:
    if for_good or notice.occurred_at is None:
        return replace(record, cancelled=True)
    if record.gone_at is not None and record.gone_order >= notice.order:
        return record
    return replace(record, gone_version=notice.version, gone_at=notice.occurred_at)


def _fold_mark(record: Record, notice: Notice) -> Record:
    if notice.no_show is None:
        return record
    new, old = notice.occurred_at or NEVER, record.no_show_at or NEVER
    if record.no_show is None or new > old or (new == old and notice.no_show):
        return replace(record, no_show=notice.no_show, no_show_at=notice.occurred_at)
    return record


def _supersedes(record: Record, notice: Notice, *, read: bool) -> bool:
    """Newer wins; of two reads in one moment the later one, since it is what the scheduler says now."""
    if record.state is None:
        return True
    new, old = notice.order, record.order
    if read and new == old:
        return True
    return new > old or (new == old and _rank(notice.booking) > _rank(record.state))


def _rank(state: BookingState | None) -> tuple[bool, str]:
    """Breaks ties of the scheduler's order: cancelled first, then any fixed order will do."""
    assert state is not None
    text = json.dumps(asdict(state), default=str, sort_keys=True)
    return (state.status is BookingStatus.cancelled, text)


def is_off(record: Record) -> bool:
    """True when this identifier was cancelled or deleted and no newer state says otherwise."""
    if record.cancelled or record.gone_at is None:
        return record.cancelled
    if record.gone_version is None or record.version is None:
        return record.gone_at >= (record.occurred_at or NEVER)
    return record.gone_order >= record.order


def _ended(record: Record) -> bool:
    """True when it is off, or was cancelled with its whole state."""
    return is_off(record) or (record.state is not None and record.state.status is BookingStatus.cancelled)


def is_live(record: Record) -> bool:
    """True when the scheduler may still hold a visit under this identifier."""
    return record.state is not None and not is_off(record) and not record.replaced_by


def head_of(thread: Sequence[Record]) -> Record | None:
    """The current identifier, at the end of the chain: nothing that we know replaces it.

    None when no identifier of the thread has a state yet.
    """
    replaced = {record.replaces for record in thread if record.replaces}
    replaced |= {
        record.external_id
        for record in thread
        if any(other.external_id == record.replaced_by and other.state for other in thread)
    }
    replaced |= {record.root for record in thread if record.root}
    open_ends = [each for each in thread if each.state and each.external_id not in replaced]
    candidates = open_ends or [each for each in thread if each.state]
    whole = not any(_follows_unknown(thread, each) for each in candidates)
    return max(
        candidates,
        key=lambda each: (whole and not is_off(each), each.order, each.external_id),
        default=None,
    )


def _follows_unknown(thread: Sequence[Record], record: Record) -> bool:
    """True when a link of the chain before this one was never heard of: only the order in time is left."""
    known = {each.external_id for each in thread}
    return bool(record.root and record.replaces and record.replaces not in known)
