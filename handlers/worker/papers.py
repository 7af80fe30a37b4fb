"""Papers that the law asks for, drafted from what is configured: records of processing, and a DPIA.

A draft for somebody who knows the law there: what nobody but the clinic can know stands in brackets.
"""

from collections.abc import Iterator
from datetime import datetime

from handlers.clients import vendors
from handlers.context import Context
from handlers.worker import retention

KINDS = (
    ("who a client is and when they come", "the client and the scheduler", "in clear, for search", ""),
    ("health answers, flags, consents", "the client", "sealed", "answers"),
    ("plans, session notes, photos of own exercises", "the clinic", "sealed", "plans"),
    ("check-ins, days done, words of clients", "the client", "sealed", "checkins"),
    ("which messages were sent", "Aftercare", "in clear, without contents", "deliveries"),
    ("raw webhooks", "the scheduler", "sealed", "body_days"),
    ("who did what (audit log)", "Aftercare", "numbers, no names of clients", "for good"),
)
"""What is kept, where it comes from, how it is kept, and which clock ends it."""
RISKS = (
    (
        "somebody reads a mail that is not theirs",
        "links without answers; a wrong address ends them",
    ),
    ("the database or a backup is stolen", "answers sealed with keys that are elsewhere; erasing replayed"),
    ("a member of staff looks without a reason", "roles, a second factor, every look in a chained log"),
    ("a plan is wrong for the client", "rules hold what needs a look; a stop comes before anything else"),
    ("a message reaches another person", "one person per link; an address that changes is asked about"),
    ("a vendor is broken into", "no health answer leaves, but a plan where mail_contents is on"),
    ("data are kept for longer than needed", "[retention] by kind, deleted by the worker each hour"),
    ("the service is down", "the booking stands at the scheduler; nothing is lost, and is sent later"),
)


def records(context: Context, now: datetime) -> Iterator[str]:
    """Records of processing activities (GDPR, article 30) as Markdown, line by line."""
    clinic = context.clinic
    yield from (f"# Records of processing: {clinic.name}", "", f"Drafted {now.date()} from the settings.", "")
    yield from ("## Who", "", f"- Controller: {_known(clinic.name, clinic.address)}")
    yield f"- Reached at: {_known(clinic.email, clinic.phone)}"
    yield from ("- Data protection officer: [name, or why none is needed]", "")
    yield from ("## What for, and on what ground", "")
    yield "- Preparing visits, and a plan of exercises after them: consent (GDPR 6(1)(a), 9(2)(a))"
    yield from (
        "- Answering for what was done: audit log [6(1)(c) or (f)]",
        "- Whose data: clients; staff",
        "",
    )
    yield from ("## What is kept", "", "| what | from | how | how long |", "|---|---|---|---|")
    yield from (
        f"| {what} | {source} | {how} | {_long(context, clock)} |" for what, source, how, clock in KINDS
    )
    yield from ("", "## Who outside gets what", "", *_table(context), "")
    yield from (
        "## Where",
        "",
        "- [country and host of the machine; transfers elsewhere]",
        "",
    )
    yield from ("## How it is kept safe", "")
    yield "- AES-256-GCM with keys outside of the database, second factor, roles, audit log, TLS, backups"


def dpia(context: Context, now: datetime) -> Iterator[str]:
    """The draft of a data protection impact assessment (GDPR, article 35) as Markdown, line by line."""
    policy = context.clinic.policy
    yield from (f"# Data protection impact assessment: {context.clinic.name}", "")
    yield from (f"Drafted {now.date()} from the settings. Not done before a person has decided on it.", "")
    yield from ("## 1. What is done", "")
    yield "A client answers questions before a visit. Rules pick exercises; a plan is sent after it."
    yield f"- A plan goes out by itself: {'never' if policy.require_ok else 'where no rule holds it'}."
    yield f"- The plan itself stands in the mail: {'yes' if policy.mail_contents else 'no, only a link'}."
    yield f"- Content that nobody has signed: {policy.unreviewed}."
    yield "- No decision with legal effect is made; a person can look at, change and stop every plan."
    yield from ("", "## 2. Is it needed, and no more than that", "")
    yield from ("- Questions are asked only where an earlier answer leads to them. [your reasons]", "")
    yield from ("## 3. Who outside gets what", "", *_table(context), "")
    yield from ("## 4. What may go wrong", "", "| risk | what stands against it | likely | grave |")
    yield "|---|---|---|---|"
    yield from (f"| {risk} | {against} | [1-4] | [1-4] |" for risk, against in RISKS)
    yield from ("", "## 5. What clients say", "", "[how you asked them]", "")
    yield from ("## 6. Decision", "", "[name, day, what is left to do, when it is looked at again]")


def _table(context: Context) -> Iterator[str]:
    """Vendors, with the contract that each needs."""
    yield from ("| who | for | gets | never gets | contract |", "|---|---|---|---|---|")
    for one in vendors.vendors(context):
        yield f"| {one.name} | {one.serves} | {one.gets} | {one.never} | [BAA or DPA, signed on] |"


def _long(context: Context, clock: str) -> str:
    """How long a kind is kept, in words."""
    if clock == "body_days":
        return f"{context.clinic.policy.body_days} days"
    days = retention.days(context).get(clock, 0)
    if days:
        return f"{days} days after the last visit"
    return clock if clock == "for good" else "until the client is erased"


def _known(*parts: str) -> str:
    return ", ".join(part or "[not set]" for part in parts)
