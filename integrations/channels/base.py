"""The contract of a channel."""

from email.message import EmailMessage
from typing import Protocol

from schemas.message import Text


class Sender(Protocol):
    """Takes one message to one person; raises `IntegrationError` (see integrations.base)."""

    def send(self, message: EmailMessage | Text) -> str:
        """Hand it over; returns the vendor's id for it."""
        ...
