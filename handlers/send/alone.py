"""Sends a message that is no delivery: nothing decides about it again, and its maker keeps that it left."""

import logging
from email.message import EmailMessage

from handlers.context import Context
from integrations.base import IntegrationError, OutcomeUnknown
from schemas.delivery import Channel
from schemas.message import Text

log = logging.getLogger("aftercare.alone")


def sent(context: Context, channel: Channel, made: EmailMessage | Text, what: str, **about: object) -> bool:
    """False where it did not leave. Where nobody knows, it counts as sent: nobody gets it twice.

    The log says `what` it was, and `about` whom or what: numbers and our own words only.
    """
    about |= {"what": what}
    try:
        context.senders[channel].send(made)
    except OutcomeUnknown:
        log.warning("sent, outcome unknown", extra=about)
    except IntegrationError:
        log.warning("could not be sent", extra=about)
        return False
    return True
