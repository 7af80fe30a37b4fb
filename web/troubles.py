"""What each trouble means, and what to do: for the console, `check` and `status`."""

from collections.abc import Callable

from schemas.notions.words import Translatable, fill
from schemas.trouble import Trouble, TroubleKind

SENTENCES = {
    TroubleKind.unreadable: "We cannot read its bookings.",
    TroubleKind.webhook_gone: "Our webhook is not there any more. Run: flask --app app register {name}",
    TroubleKind.not_understood: "Webhooks that we could not read: {number}. "
    "Look at the newest bookings and changes at the scheduler: what these said is missing here.",
    TroubleKind.clock: "A genuine webhook was refused.",
    TroubleKind.quiet: "It has sent nothing for {number} hours, much longer than usual. "
    "See whether the webhook is still there.",
    TroubleKind.alert: "Visits with an alert that nobody has seen: {number}. Open them and press the button.",
    TroubleKind.alert_unsent: "Alerts that could not be sent: {number}. Look at the visits now.",
    TroubleKind.message: "Messages that could not be sent: {number}. Send them again, or let them go.",
    TroubleKind.address: "Addresses that mail came back from: {number}. Ask these clients for another one.",
    TroubleKind.failed: "Webhooks that we failed on: {number}. Process them again.",
    TroubleKind.mail: "The mail server takes no mail of ours. It says:",
    TroubleKind.worker: "No worker runs, so nothing goes out. Run: flask --app app work",
    TroubleKind.late: "Work is late.",
    TroubleKind.bounces: "Mail that comes back is not noticed.",
    TroubleKind.jumped: "The clock of the worker's machine has jumped: set it right. "
    "Messages to clients wait until then, or for an hour.",
    TroubleKind.sealed: "Values in the database do not open: they were changed or moved there, "
    "or their key is missing. Nothing of them is shown or sent. Run: flask --app app check. Rows:",
    TroubleKind.journal: "The journal, which must outlive a restore, was gone or changed. "
    "Was a backup put in the place of the database? Stop the worker and run: flask --app app restored. "
    "If not, find out who was at the file, then run: flask --app app journal --accept. File:",
    TroubleKind.log_cut: "The log of who did what lacks entries that the journal knows. "
    "Was a backup put in the place of the database? Run: flask --app app restored. "
    "If not, somebody has cut the log. Run: flask --app app audit verify. Journal:",
    TroubleKind.journal_unkept: "The journal cannot be written: a restore would bring back what has "
    "ended since. Make room on the disk, or give the file and its folder to the worker's account. File:",
    TroubleKind.backup: "No backup was made for {number} days: what came in since would be lost with "
    "the disk. See why: journalctl -u aftercare-backup. "
    "Is it made in another way by now? Run: flask --app app backup --elsewhere",
    TroubleKind.web: "The public address does not answer: clients cannot open their pages.",
}
"""What it means; the text of the trouble fills in a number, or stands beside it in the words of others."""

QUOTED = (
    TroubleKind.unreadable,
    TroubleKind.clock,
    TroubleKind.mail,
    TroubleKind.bounces,
    TroubleKind.sealed,
    TroubleKind.journal,
    TroubleKind.log_cut,
    TroubleKind.journal_unkept,
)


def in_english(text: str, /, **values: object) -> str:
    """A sentence with its names filled in."""
    return fill(text, values)


def sentence(trouble: Trouble, say: Callable[..., str] = in_english) -> str:
    """One trouble in a sentence or two; `say` puts it into another language and fills it."""
    return say(SENTENCES[trouble.kind], name=trouble.name, number=trouble.text)


def quoted(trouble: Trouble) -> str:
    """What the other side or this machine says about it; "" where the sentence says it all."""
    return trouble.text if trouble.kind in QUOTED else ""


def in_a_line(trouble: Trouble) -> Translatable:
    """One trouble on one line."""
    words = Translatable(SENTENCES[trouble.kind], name=trouble.name, number=trouble.text)
    said = quoted(trouble)
    return Translatable("{text} {said}", text=words, said=Translatable(said)) if said else words
