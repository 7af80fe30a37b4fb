"""A review: somebody with a credential has read one file of the content, word for word, and signs it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Unreviewed(StrEnum):
    """What becomes of a plan that was made from files that nobody has signed.

    It waits for a person, goes out and says so, or goes out.
    """

    hold = "hold"
    label = "label"
    send = "send"


class Why(StrEnum):
    """Why a file counts as not reviewed: nobody signed it, it is another text since, or the time is over."""

    new = "new"
    changed = "changed"
    expired = "expired"


@dataclass(frozen=True, slots=True)
class Review:
    """One signature: who (name and credential of then), for which text of which file, when, until when.

    `sha256` is that of the file's bytes, `text` what stood in it, `note` the reviewer's conditions.
    """

    file: str
    language: str
    sha256: str
    text: str
    staff_id: int
    name: str
    credential: str
    note: str
    signed_at: datetime
    valid_until: datetime

    @property
    def who(self) -> str:
        """The reviewer as it stands on paper."""
        return f"{self.name}, {self.credential}"


@dataclass(frozen=True, slots=True)
class FileReview:
    """Where one file stands: `why` it is unreviewed, or None; `review` counts, or is the last."""

    file: str
    language: str
    sha256: str
    why: Why | None
    review: Review | None = None

    @property
    def state(self) -> str:
        """`reviewed` or `unreviewed`."""
        return "unreviewed" if self.why else "reviewed"
