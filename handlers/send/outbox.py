"""Deliveries go out: claim, decide again with what is true now, send, write down what became of it."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from typing import Any, assert_never

from handlers import retry
from handlers.bookings import inbox
from handlers.bookings.records import is_live
from handlers.checkins import reach
from handlers.clients import contacts
from handlers.context import Context
from handlers.schedule import alerts
from handlers.send import at_once, decide, together
from handlers.send.decide import Hold, Later, Send, Skip, Write
from handlers.send.together import Decided
from integrations.base import (
    IntegrationError,
    NoSuchAddress,
    NotAsked,
    OptedOut,
    OutcomeUnknown,
    SenderRefused,
    Silent,
)
from integrations.channels.email import Smtp
from schemas import trace
from schemas.delivery import Channel, Delivery, DeliveryStatus, Purpose
from schemas.message import Text
from schemas.reason import Reason
from store import bookings, deliveries, receipts
from store import contacts as stored_contacts
from store.base import Tx
from store.running import pauses
from store.running.leases import LEASE, only
from store.vault import SealBroken

log = logging.getLogger("aftercare.outbox")
BATCH = 50
AT_ONCE = 2  # mails of a lane that leave at the same time and are noted by one commit
LONGEST = 5.0  # seconds after which what is taken and not begun is decided on by another time
REPEAT_AFTER = timedelta(minutes=5)
HEAR_AGAIN = timedelta(seconds=10)  # when webhooks of the connection wait that cannot be taken in yet
OTHERS = 2.0  # seconds to wait for webhooks that another lane or worker has in hand
PAUSES = (
    *(timedelta(seconds=5), timedelta(minutes=1), timedelta(minutes=5)),
    *(timedelta(minutes=15), timedelta(minutes=30)),
)
"""How long a channel that refuses us is left alone, the first time and so on."""
LONGEST_PAUSE = max(PAUSES)  # a pause that ends later was begun by a clock that has been set back
MOST_ASKED = 3  # attempts that wait for a scheduler that does not answer


def work(
    context: Context,
    now: datetime,
    share: deliveries.Share = deliveries.ALL,
    stopping: Callable[[], bool] = retry.never,
) -> int:
    """Send what is due of a share of the schedule; returns how many deliveries were taken.

    Once `stopping` says so, what has not been begun is given back.
    """
    with context.db.read() as tx:
        if not deliveries.any_due(tx, now, share):
            return 0
    with context.db.begin() as tx:
        taken = deliveries.claim(tx, now, BATCH, share)
    unnoted: list[_Sent] = []
    with retry.kept(partial(_renew, context, taken, now)):
        left = _work_through(context, taken, unnoted, now, stopping)
        _note(context, unnoted, now)
        if left:
            _give_back(context, left)
    return len(taken)


def _work_through(
    context: Context,
    taken: list[Delivery],
    unnoted: list["_Sent"],
    now: datetime,
    stopping: Callable[[], bool],
) -> list[Delivery]:
    """Work on one after the other; returns those that were not begun."""
    left, decided, until = list(taken), list[Decided](), time.monotonic() + LONGEST
    in_time, alone = together.MOST, False  # how many decisions counted long enough
    most = _at_once(context)
    while left:
        if not decided and not alone:
            found = _decide_together(context, left, 2 * in_time, unnoted, now)
            decided, in_time, alone = found or [], 0, found is None
        if stopping() or time.monotonic() > until:
            return left
        some, decided = decided[:most], decided[most:]
        begun = [each.delivery for each in some] or left[:1]
        left = [each for each in left if each not in begun]
        done = _go_on(context, some, unnoted, now)
        in_time += len(done)
        if again := [each for each in begun if each not in done]:
            decided.clear()  # the others are as old; next time they are fewer
            in_time //= 2
        for each in again:
            with trace.following(each.trace):
                _process(context, each, unnoted, now, stopping)
    return []


@dataclass(frozen=True, slots=True)
class _Sent:
    """A message that has gone out and is not noted as sent: the transaction that decides on the next ones
    does that, so that a message takes one commit, and `AT_ONCE` at most are in doubt after a kill."""

    delivery: Delivery
    decision: Send
    vendor_id: str
    after_pause: bool

    @property
    def settled(self) -> deliveries.Settled:
        """That it is sent."""
        given = "".join(filter(str.isprintable, self.vendor_id))
        name = _identity(self.decision.message)
        return deliveries.Settled(self.delivery, DeliveryStatus.sent, message_id=name, vendor_id=given)

    def follow(self, tx: Tx) -> None:
        """Do what follows from that."""
        with trace.following(self.delivery.trace):
            if self.after_pause:
                pauses.end(tx, self.delivery.channel)
            if self.decision.after:
                self.decision.after(tx)


@dataclass(frozen=True, slots=True)
class _Leaving:
    """A message that is to go now, and the pause of its channel that this ends."""

    delivery: Delivery
    decision: Send
    pause: Any


def _at_once(context: Context) -> int:
    """How many mails leave at the same time; one where a mail server takes few, and so few connections."""
    sender = context.senders.get(Channel.email)
    return 1 if isinstance(sender, Smtp) and sender.per_minute else AT_ONCE


def _give_back(context: Context, left: list[Delivery]) -> None:
    with context.db.begin() as tx:
        for each in left:
            deliveries.put_back(tx, each, each.due_at, reason=each.reason, detail=each.detail, tried=False)


def _renew(context: Context, taken: list[Delivery], now: datetime, passed: timedelta) -> None:
    with context.db.begin() as tx:
        deliveries.renew(tx, taken, now + passed + LEASE)


def _note(context: Context, unnoted: list[_Sent], now: datetime) -> None:
    """Note what is sent in a transaction of its own."""
    while unnoted:
        sent = unnoted.pop()
        try:
            with context.db.begin() as tx:
                _note_in(tx, [sent], now)
        except Exception:
            log.exception("sent, and not noted", extra={"delivery": sent.delivery.id})
            unknown = OutcomeUnknown("The message was sent, and we could not note it.")
            _failed(context, sent.delivery, unknown, now)


def _decide_together(
    context: Context, waiting: list[Delivery], most: int, unnoted: list[_Sent], now: datetime
) -> list[Decided] | None:
    """The decisions on the first of what waits; [] where the first, None where each is decided on alone."""
    if len(waiting) < 2 or not together.may_be(waiting[0]):
        return []
    try:
        with context.db.begin() as tx:
            _note_in(tx, unnoted, now)
            found = together.decide_on(tx, context, waiting, now, most)
    except Exception:  # each comes once more, alone, and what is wrong is said there
        _note(context, unnoted, now)
        return None
    unnoted.clear()
    return found


def _go_on(context: Context, some: list[Decided], unnoted: list[_Sent], now: datetime) -> list[Delivery]:
    """Do what was decided where nothing has happened since; returns for which."""
    some = [each for each in some if time.monotonic() <= each.until]
    if not some:
        return []
    try:
        with context.db.begin() if unnoted else context.db.read() as tx:
            _note_in(tx, unnoted, now)
            marks = deliveries.marks(tx, [each.delivery.id for each in some])
    except Exception:
        _note(context, unnoted, now)
        return []
    unnoted.clear()
    some = [each for each in some if marks.get(each.delivery.id) == each.mark]
    if any(marks[each.delivery.id].pause for each in some):
        some = some[:1]  # a channel that has refused us is tried with one
    leaving = list[_Leaving]()
    for each in some:
        delivery, decision, pause = each.delivery, each.decision, marks[each.delivery.id].pause
        with trace.following(delivery.trace), _failing(context, delivery, now):
            if not isinstance(decision, Send):
                _carry_out(context, delivery, decision, unnoted, now)
            elif not _waits(context, delivery, pause, now):
                leaving.append(_Leaving(delivery, decision, pause))
    _send(context, leaving, unnoted, now)
    return [each.delivery for each in some]


def _note_in(tx: Tx, unnoted: list[_Sent], now: datetime) -> None:
    deliveries.settle(tx, [sent.settled for sent in unnoted], now)
    for sent in unnoted:
        sent.follow(tx)


def _process(
    context: Context,
    delivery: Delivery,
    unnoted: list[_Sent],
    now: datetime,
    stopping: Callable[[], bool] = retry.never,
) -> None:
    if delivery.attempts > retry.most(_waits_of(delivery)):
        ended = IntegrationError("The worker ended each time it worked on this.", permanent=True)
        _failed(context, delivery, ended, now)
        return
    with _failing(context, delivery, now):
        connection, waiting = _webhooks(context, delivery, now)
        if waiting or context.readable(connection):
            _note(context, unnoted, now)  # what comes now may take long
        if waiting and not _heard_out(context, delivery, connection, now, stopping):
            return
        if context.readable(connection):
            _ask_scheduler(context, delivery, now)
        decision = _decide(context, delivery, unnoted, now)
        if decision is not None:
            _carry_out(context, delivery, decision, unnoted, now)


@contextmanager
def _failing(context: Context, delivery: Delivery, now: datetime) -> Iterator[None]:
    """Whatever goes wrong with one message is written down, and stops no other."""
    try:
        yield
    except IntegrationError as error:
        _failed(context, delivery, error, now)
    except SealBroken as error:
        _failed(context, delivery, IntegrationError(str(error), permanent=True), now)
    except Exception:
        # One message that cannot be made must not stop the others: it is tried again, then shown as dead.
        log.exception("delivery failed", extra={"delivery": delivery.id})
        _failed(context, delivery, IntegrationError("This message could not be made; see the log."), now)


def _waits_of(delivery: Delivery) -> Sequence[timedelta]:
    """What somebody must see now is tried again more often than a letter."""
    return retry.URGENT if delivery.purpose is Purpose.alert else retry.WAITS


def _webhooks(context: Context, delivery: Delivery, now: datetime) -> tuple[str, int]:
    """The connection that a message to a client hangs on, and how many of its webhooks wait."""
    if not delivery.purpose.to_client:
        return "", 0
    with context.db.read() as tx:
        booking = bookings.get(tx, delivery.booking_id)
        return (booking.connection, receipts.waiting(tx, now, booking.connection)) if booking else ("", 0)


def _heard_out(
    context: Context, delivery: Delivery, connection: str, now: datetime, stopping: Callable[[], bool]
) -> bool:
    """What came in before now is taken in first: a cancellation that waits in the queue counts."""
    inbox.drain(context, now, only(connection), stopping)
    _wait_for_others(context, connection, now)
    with context.db.begin() as tx:
        if not receipts.waiting(tx, now, connection):
            return True
        deliveries.put_back(tx, delivery, now + HEAR_AGAIN, reason=Reason.webhooks_wait, tried=False)
    return False


def _wait_for_others(context: Context, connection: str, now: datetime) -> None:
    """Webhooks that another lane or worker has in hand are done in a moment, as a rule."""
    until = time.monotonic() + OTHERS
    while time.monotonic() < until:
        with context.db.read() as tx:
            if not receipts.in_work(tx, now, connection):
                return
        time.sleep(0.05)


def _ask_scheduler(context: Context, delivery: Delivery, now: datetime) -> None:
    """Read the booking once more before a client is written to (B3)."""
    with context.db.read() as tx:
        booking = bookings.get(tx, delivery.booking_id)
        if booking is None:
            return
        records = bookings.of_booking(tx, booking.id)
    try:
        for record in records:
            if is_live(record) and record.connection == booking.connection:
                inbox.read(context, booking.connection, record.external_id, now)
    except IntegrationError as error:
        # After a few tries the webhooks' word has to do: a broken API key must not keep every plan back.
        if not error.permanent and delivery.attempts <= MOST_ASKED:
            raise IntegrationError(str(error), retry_after=error.retry_after) from error
        log.warning("sending without a second look", extra={"delivery": delivery.id})


def _decide(
    context: Context, delivery: Delivery, unnoted: list[_Sent], now: datetime
) -> decide.Decision | None:
    """The decision of this moment; None when a move or a cancel got in between."""
    try:
        with context.db.begin() as tx:
            _note_in(tx, unnoted, now)
            ours = deliveries.still_ours(tx, delivery)
            decision = decide.decide(tx, context, delivery, now) if ours else None
    except Exception:
        if not unnoted:
            raise
        _note(context, unnoted, now)  # alone: neither of the two is to go wrong for the other
        return _decide(context, delivery, unnoted, now)
    unnoted.clear()
    return decision


def _carry_out(
    context: Context, delivery: Delivery, decision: decide.Decision, unnoted: list[_Sent], now: datetime
) -> None:
    match decision:
        case Send():
            with context.db.read() as tx:  # the last look: a cancel that came while it was made wins
                ours, pause = deliveries.still_ours(tx, delivery), pauses.get(tx, delivery.channel)
            if ours and not _waits(context, delivery, pause, now):
                _send(context, [_Leaving(delivery, decision, pause)], unnoted, now)
        case Write(connection, external_id, note):
            context.schedulers[connection].attach(external_id, note)
            _settle(context, delivery, DeliveryStatus.sent, now, reason=Reason.none)
        case Skip(reason):
            _settle(context, delivery, DeliveryStatus.skipped, now, reason=reason)
        case Hold(reason):
            _settle(context, delivery, DeliveryStatus.held, now, reason=reason)
        case Later(due_at, reason):
            with context.db.begin() as tx:
                deliveries.put_back(tx, delivery, due_at, reason=reason, tried=False)
        case _:
            assert_never(decision)


def _send(context: Context, some: list[_Leaving], unnoted: list[_Sent], now: datetime) -> None:
    """Hand them over, all at the same time."""
    outcomes = at_once.outcomes([partial(_hand_over, context, each) for each in some])
    for each, outcome in zip(some, outcomes, strict=True):
        with trace.following(each.delivery.trace), _failing(context, each.delivery, now):
            _taken(context, each, outcome, unnoted, now)


def _hand_over(context: Context, what: _Leaving) -> str:
    with trace.following(what.delivery.trace):
        return context.senders[what.delivery.channel].send(what.decision.message)


def _taken(
    context: Context, what: _Leaving, outcome: str | BaseException, unnoted: list[_Sent], now: datetime
) -> None:
    delivery, decision = what.delivery, what.decision
    if isinstance(outcome, OptedOut):
        _opted_out(context, delivery, decision.message, now)
        return
    if isinstance(outcome, BaseException):
        raise outcome
    log.info("delivery sent", extra={"delivery": delivery.id, "purpose": str(delivery.purpose)})
    unnoted.append(_Sent(delivery, decision, outcome, after_pause=what.pause is not None))
    if delivery.channel is Channel.sms:  # a text that goes out again is seen twice
        _note(context, unnoted, now)


def _waits(context: Context, delivery: Delivery, pause: Any, now: datetime) -> bool:
    """Put it back while its channel takes nothing, or enough for this minute; an alert is always tried."""
    if delivery.purpose is Purpose.alert:
        return False
    sender = context.senders[delivery.channel]
    full = sender.wait() if isinstance(sender, Smtp) else 0
    if _holds(pause, now):
        until, reason, detail = pause.until, Reason.mail_waits, pause.text
    elif full:
        until, reason, detail = now + timedelta(seconds=full), Reason.paced, ""
    else:
        return False
    with context.db.begin() as tx:
        deliveries.put_back(tx, delivery, until, reason=reason, detail=detail, tried=False)
    return True


def _holds(pause: Any, now: datetime) -> bool:
    return pause is not None and now < pause.until <= now + LONGEST_PAUSE


def _refuses_us(channel: Channel, error: IntegrationError) -> bool:
    return isinstance(error, SenderRefused) or (isinstance(error, Silent) and channel is Channel.email)


def _refused_us(context: Context, delivery: Delivery, error: IntegrationError, now: datetime) -> None:
    """Nothing of ours is taken: all of the channel waits, and no message is lost by it.

    One that alone is refused while others go through is given up in the end. What left at the same time as
    another that was refused says nothing more.
    """
    with context.db.begin() as tx:
        known = pauses.get(tx, delivery.channel)
        if known is not None and _holds(known, now):
            deliveries.put_back(
                tx, delivery, known.until, reason=Reason.mail_waits, detail=str(error), tried=False
            )
            return
        times = pauses.begin(tx, delivery.channel, str(error), now)
        alone = times == 1
        if not (alone and delivery.attempts >= retry.MOST):
            until = now + PAUSES[min(times, len(PAUSES)) - 1]
            pauses.until(tx, delivery.channel, until)
            deliveries.put_back(tx, delivery, until, reason=Reason.mail_waits, detail=str(error), tried=alone)
            log.warning("channel pauses", extra={"channel": str(delivery.channel), "times": times})
            return
    _given_up(context, delivery, str(error), now)


def _opted_out(context: Context, delivery: Delivery, message: EmailMessage | Text, now: datetime) -> None:
    """The service knows of a STOP that we were not told of: it holds for the number."""
    assert isinstance(message, Text)
    with context.db.begin() as tx:
        contacts.stop(tx, context, Channel.sms, message.to, "service", now)
        reach.by_mail(tx, delivery, now)
    _settle(context, delivery, DeliveryStatus.skipped, now, reason=Reason.unsubscribed)


def _identity(message: EmailMessage | Text) -> str:
    if isinstance(message, Text):
        return message.key
    return next(str(value) for name, value in message.raw_items() if name == "Message-ID")


def _failed(context: Context, delivery: Delivery, error: IntegrationError, now: datetime) -> None:
    if delivery.purpose is Purpose.alert:
        with context.db.begin() as tx:
            alerts.pass_on(tx, context, delivery, now)
    if isinstance(error, OutcomeUnknown):
        _outcome_unknown(context, delivery, error, now)
        return
    if isinstance(error, NotAsked):
        _not_tried(context, delivery, error, now)
        return
    if delivery.purpose is not Purpose.alert and _refuses_us(delivery.channel, error):
        _refused_us(context, delivery, error, now)
        return
    if isinstance(error, NoSuchAddress):
        _no_such_address(context, delivery, str(error), now)
        return
    wait = retry.wait(delivery.attempts, error, _waits_of(delivery))
    if wait is None:
        _given_up(context, delivery, str(error), now)
        return
    with context.db.begin() as tx:
        deliveries.put_back(tx, delivery, now + wait, reason=Reason.trying_again, detail=str(error))
    kind = type(error.__cause__ or error).__name__  # the text of an error may name somebody
    log.warning(
        "delivery not sent", extra={"delivery": delivery.id, "error": kind, "seconds": wait.total_seconds()}
    )


def _not_tried(context: Context, delivery: Delivery, error: NotAsked, now: datetime) -> None:
    """The service is left alone for a while: that is no attempt."""
    due_at = now + timedelta(seconds=error.retry_after or 0)
    with context.db.begin() as tx:
        deliveries.put_back(tx, delivery, due_at, reason=Reason.trying_again, detail=str(error), tried=False)


def _no_such_address(context: Context, delivery: Delivery, detail: str, now: datetime) -> None:
    """The one refusal that is the recipient's own: nothing more goes there until somebody says otherwise."""
    if delivery.purpose.to_client and delivery.channel is Channel.email:
        with context.db.begin() as tx:
            stored_contacts.bounced(tx, delivery.key.recipient, now)
        _given_up(context, delivery, detail, now, Reason.address_refused)
    else:
        _given_up(context, delivery, detail, now)


def _given_up(
    context: Context, delivery: Delivery, detail: str, now: datetime, reason: Reason = Reason.failed
) -> None:
    _settle(context, delivery, DeliveryStatus.dead, now, reason=reason, detail=detail)
    with context.db.begin() as tx:
        reach.by_mail(tx, delivery, now)


def _outcome_unknown(context: Context, delivery: Delivery, error: IntegrationError, now: datetime) -> None:
    """The client may have it. Once more with the same Message-ID, then it stands as unknown.

    A text is not repeated: it has nothing by which a telephone shows it once.
    """
    if delivery.reason != Reason.outcome_unknown and delivery.channel is not Channel.sms:
        with context.db.begin() as tx:
            deliveries.put_back(
                tx, delivery, now + REPEAT_AFTER, reason=Reason.outcome_unknown, detail=str(error)
            )
        return
    _settle(context, delivery, DeliveryStatus.unknown, now, reason=Reason.outcome_unknown, detail=str(error))


def _settle(
    context: Context,
    delivery: Delivery,
    status: DeliveryStatus,
    now: datetime,
    *,
    reason: Reason,
    detail: str = "",
) -> None:
    with context.db.begin() as tx:
        deliveries.settle(tx, [deliveries.Settled(delivery, status, reason, detail)], now)
    log.info("delivery settled", extra={"delivery": delivery.id, "status": str(status), "reason": reason})
