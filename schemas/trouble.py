"""What is wrong with the installation now, until it is mended."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TroubleKind(StrEnum):
    """What goes wrong: at a connection, or with the running of the service (its name is "" then)."""

    unreadable = "unreadable"  # its bookings cannot be read; the text says why
    webhook_gone = "webhook_gone"  # our subscription is not there any more
    not_understood = "not_understood"  # genuine webhooks that we could not read; the text is their number
    clock = "clock"  # a genuine webhook was refused for its time
    quiet = "quiet"  # nothing came for much longer than usual; the text is the number of hours
    # with the running of the service; the text is a number, or what the other side says
    alert = "alert"  # visits with an alert that nobody has seen
    alert_unsent = "alert_unsent"  # alerts that could not be sent
    message = "message"  # other messages that could not be sent
    address = "address"  # addresses of coming clients that mail came back from
    failed = "failed"  # webhooks that we could read and failed on
    mail = "mail"  # the mail server takes nothing of ours
    worker = "worker"  # no worker gives a sign of life
    late = "late"  # what is due waits, although a worker lives
    bounces = "bounces"  # the mailbox with bounces cannot be read
    jumped = "jumped"  # the clock of the worker's machine jumped, and messages to clients wait
    sealed = "sealed"  # sealed values do not open; the text names their rows
    journal = "journal"  # the journal was gone, cut or changed; the text names its file
    log_cut = "log_cut"  # the audit log lacks entries that the journal knows; the text names its file
    journal_unkept = "journal_unkept"  # the journal cannot be written; the text says which file, and why
    backup = "backup"  # no backup was made lately; the text is the number of days
    web = "web"  # the public address does not answer


@dataclass(frozen=True, slots=True)
class Trouble:
    """One trouble: of which connection ("" for none), in which words, since when, when it was mailed.

    `newest` is when it last grew, for what is counted. `over`: it is mended, and that is still to be mailed.
    """

    kind: TroubleKind
    name: str
    text: str
    since: datetime
    mailed_at: datetime | None = None
    newest: datetime | None = None
    over: bool = False
