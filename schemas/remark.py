"""What a client wrote in a check-in, and the one line with which it was answered."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Remark:
    """`settled_at`: when somebody answered it or said that no answer is needed; `leaves_at`: when the client
    may read the answer, None without one."""

    id: int
    booking_id: int
    client_id: int
    said_at: datetime
    words: str
    answer: str
    author: str
    settled_at: datetime | None
    leaves_at: datetime | None
