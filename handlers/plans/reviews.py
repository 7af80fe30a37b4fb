"""Sign-off of content: a review belongs to one file and its text; a changed file is unreviewed again."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from library import signable
from schemas.review import FileReview, Review, Why
from schemas.staff import Staff
from store import audit, reviews
from store.base import Tx

VALID = timedelta(days=365)
"""How long a signature counts, unless it says another end."""


class CannotSign(ValueError):
    """These files cannot be signed so; the text says why, and what to do."""


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
        raise CannotSign(f"{who.email} may not sign: a review needs an open account with a credential.")
    if end <= now:
        raise CannotSign("The end of a review must lie ahead.")
    texts, hashes = {file: signable.text_of(folder, file) for file in read}, signable.hashes(folder)
    _check(read, hashes)
    made = [
        Review(
            file=file,
            language=signable.language_of(file),
            sha256=digest,
            text=(texts[file] or "").replace("\0", ""),
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
    audit.add(tx, who.name, "sign_content", f"staff:{who.id}", now, _listed(read))
    return made


def _check(read: Mapping[str, str], hashes: Mapping[str, str]) -> None:
    if not read:
        raise CannotSign("No file is named.")
    for file, digest in read.items():
        if file not in hashes:
            raise CannotSign(f"{file} is no file of the content that can be signed: see flask review list.")
        if hashes[file] != digest:
            raise CannotSign(f"{file} has changed since it was shown: restart Aftercare, and read it again.")


def _listed(files: Iterable[str]) -> str:
    names = list(files)
    return names[0] if len(names) == 1 else f"{len(names)} files: {', '.join(names)}"[:500]
