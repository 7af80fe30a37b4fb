"""Sign-off of content: a review belongs to one file and its text; a changed file is unreviewed again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from clinical.plan import gate
from handlers.context import Context
from library import signable
from schemas.plan import Plan, Readiness
from schemas.reason import Reason
from schemas.review import FileReview, Review, Unreviewed, Why
from schemas.staff import Staff
from store import audit, clients, deliveries, plans, reviews
from store.base import Tx

VALID = timedelta(days=365)
"""How long a signature counts, unless it says another end."""


FACT = "unreviewed=yes"
MOST = 500
"""How many plans one report opens."""


class CannotSign(ValueError):
    """These files cannot be signed so; the text says why, and what to do. `words` fill its braces."""

    def __init__(self, text: str, **words: str) -> None:
        super().__init__(text.format(**words))
        self.text, self.words = text, words


def unsigned(tx: Tx, context: Context, plan: Plan, now: datetime, language: str = "") -> list[str]:
    """The files behind a plan, as they read now in one language, that nobody's signature covers."""
    content = context.plan_content(language or plan.language)
    own = {file for file in plan.made_from if signable.language_of(file) == "en"} or set(_of_old(plan))
    files = {*own, *(f"{content.language}/{file}" for file in own)}
    of_now = {file: content.hashes[file] for file in sorted(files) if file in content.hashes}
    return reviews.unsigned(tx, of_now, now)


def _of_old(plan: Plan) -> Iterator[str]:
    """What a plan was made from that was stored before hashes were, as far as it is known."""
    yield f"protocols/{plan.protocol_id}.toml"
    yield from (f"exercises/{item.exercise_id}.toml" for item in plan.items)


def facts(tx: Tx, context: Context, plan: Plan, now: datetime) -> set[str]:
    """What keeps a plan back at this moment because of the files that it is made from."""
    holds = context.clinic.policy.unreviewed is Unreviewed.hold and plan.status is not Readiness.NONE
    return {FACT} if holds and unsigned(tx, context, plan, now) else set()


def held(tx: Tx, context: Context, plan: Plan, now: datetime) -> Plan:
    """The plan, which waits for a person where the clinic holds what is made from unreviewed files."""
    found = gate.reasons(gate.holds(facts(tx, context, plan, now)))
    return replace(plan, status=Readiness.HELD, reasons=(*plan.reasons, *found)) if found else plan


def label(tx: Tx, context: Context, plan: Plan, language: str, now: datetime) -> str:
    """The line that says to a client that nobody has signed the plan's files yet, or ""."""
    says = context.clinic.policy.unreviewed is Unreviewed.label
    if not says or not unsigned(tx, context, plan, now, language):
        return ""
    return context.plan_content(language).wording.unreviewed


def standing(tx: Tx, hashes: Mapping[str, str], now: datetime) -> list[FileReview]:
    """Where each file (SHA-256 by name) stands, in the order of their names."""
    given: dict[str, list[Review]] = {}
    for review in reviews.every(tx):
        given.setdefault(review.file, []).append(review)
    return [_standing(file, hashes[file], given.get(file, []), now) for file in sorted(hashes)]


def _standing(file: str, digest: str, given: Sequence[Review], now: datetime) -> FileReview:
    language = signable.language_of(file)
    same = [review for review in given if review.sha256 == digest]
    counts = max((review for review in same if review.valid_until > now), key=_end, default=None)
    if counts is not None:
        return FileReview(file, language, digest, None, counts)
    last = same[-1] if same else given[-1] if given else None
    why = Why.expired if same else Why.changed if given else Why.new
    return FileReview(file, language, digest, why, last)


def _end(review: Review) -> datetime:
    return review.valid_until


def sign(
    tx: Tx,
    folder: Path,
    read: Mapping[str, str],
    who: Staff,
    now: datetime,
    *,
    until: datetime | None = None,
    note: str = "",
) -> list[Review]:
    """Sign files as they were read (SHA-256 by name): all of them, or none. Raises `CannotSign`."""
    end = until or now + VALID
    if not who.active or not who.credential.strip():
        raise CannotSign(
            "{account} may not sign: a review needs an open account with a credential.", account=who.email
        )
    if end <= now:
        raise CannotSign("The end of a review must lie ahead.")
    texts, hashes = signable.texts_of(folder, read), signable.hashes(folder)
    _check(read, hashes)
    made = [
        Review(
            file=file,
            language=signable.language_of(file),
            sha256=digest,
            text=texts.get(file, "").replace("\0", ""),
            staff_id=who.id,
            name=who.name,
            credential=who.credential.strip(),
            note=note.strip()[:500],
            signed_at=now,
            valid_until=end,
        )
        for file, digest in read.items()
    ]
    for review in made:
        reviews.add(tx, review)
    for delivery in deliveries.held_because(tx, Reason.unreviewed):
        deliveries.reschedule(tx, delivery.id, max(delivery.due_at, now))
    audit.add(tx, who.name, "sign_content", f"staff:{who.id}", now, _listed(read))
    return made


def _check(read: Mapping[str, str], hashes: Mapping[str, str]) -> None:
    if not read:
        raise CannotSign("No file is named.")
    for file, digest in read.items():
        if file not in hashes:
            raise CannotSign(
                "{file} is no file of the content that can be signed: see flask review list.", file=file
            )
        if hashes[file] != digest:
            raise CannotSign(
                "{file} has changed since it was shown: restart Aftercare, and read it again.", file=file
            )


def _listed(files: Iterable[str]) -> str:
    names = list(files)
    return names[0] if len(names) == 1 else f"{len(names)} files: {', '.join(names)}"[:500]


@dataclass(frozen=True, slots=True)
class Sent:
    """One plan that a client got; files are (name, SHA-256, whether it was reviewed at that time)."""

    client: str
    plan_id: int
    booking_id: int
    version: int
    sent_at: datetime
    files: tuple[tuple[str, str, bool], ...]


def sent(tx: Tx, start: datetime, end: datetime, wanted: str = "") -> tuple[list[Sent], bool]:
    """Who got a plan in [start, end), newest first, and what it was made from; True when there were more.

    `wanted` is the beginning of a file's name or of its hash: only plans made from it, and only that file.
    """
    given: dict[tuple[str, str], list[Review]] = {}
    for review in reviews.every(tx):
        given.setdefault((review.file, review.sha256), []).append(review)
    stored = plans.sent_between(tx, start, end, MOST + 1)
    clients.read_ahead(tx, sorted({row.client_id for row, _content in stored}))
    found = [_sent(tx, *one, given, wanted) for one in stored[:MOST]]
    return [one for one in found if one.files or not wanted], len(stored) > MOST


def _sent(
    tx: Tx,
    row: Any,
    content: Mapping[str, Any],
    given: Mapping[tuple[str, str], Sequence[Review]],
    wanted: str,
) -> Sent:
    at = row.sent_at
    files = tuple(
        (file, digest, any(one.signed_at <= at < one.valid_until for one in given.get((file, digest), ())))
        for file, digest in content.get("made_from", {}).items()
        if file.startswith(wanted) or digest.startswith(wanted)
    )
    name = clients.get(tx, row.client_id).name
    return Sent(name, row.id, row.booking_id, row.version, at, files)
