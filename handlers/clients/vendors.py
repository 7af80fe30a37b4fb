"""Who outside works for the clinic, by what is configured: what each is given of a client."""

from collections.abc import Iterator
from dataclasses import dataclass

from handlers.context import Context
from schemas.delivery import Channel

TEXTS = "Twilio"


@dataclass(frozen=True, slots=True)
class Vendor:
    """One of them: the channel that it serves (or "scheduler", "probe"), its name, and what it is given."""

    serves: str
    name: str
    gets: str
    never: str = "health answers"


def of_mail(context: Context) -> str:
    """The host that takes our mails; "" for none."""
    return str(getattr(context.senders.get(Channel.email), "host", ""))


def of_texts(context: Context) -> str:
    """The service that takes our texts; "" for none."""
    return TEXTS if Channel.sms in context.senders else ""


def of_schedulers(context: Context) -> list[str]:
    """The schedulers by the name that people know them by, each once."""
    return list(dict.fromkeys(each.label for each in context.schedulers.values()))


def vendors(context: Context) -> Iterator[Vendor]:
    """Everybody to whom the running clinic gives something."""
    plan = context.clinic.policy.mail_contents
    for name in of_schedulers(context):
        gets = "bookings are read from it; a link and 'intake done or not' are written back where switched on"
        yield Vendor("scheduler", name, gets)
    if mail := of_mail(context):
        gets = "e-mail address, first name, time and place of the visit, a personal link"
        gets += ", and the plan itself (mail_contents is on)" if plan else ""
        yield Vendor(Channel.email, mail, gets, "nothing is left out" if plan else "health answers, plans")
    if texts := of_texts(context):
        gets = "mobile number, the clinic's name, a personal link; texts that come in"
        yield Vendor(Channel.sms, texts, gets)
    if watcher := context.probe.watcher if context.probe else "":
        yield Vendor("probe", watcher, "that the service runs", "anything of a client")
