"""Whose fault a mail server's refusal is, read off its reply or off the status of a bounce.

The enhanced status codes are those of RFC 3463, in the registry that RFC 5248 began:
https://www.iana.org/assignments/smtp-enhanced-status-codes/
What big services say in words, beside or instead of a code, is from their own pages:
- Google https://support.google.com/a/answer/3726730
- Microsoft https://learn.microsoft.com/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online
- Yahoo https://senders.yahooinc.com/smtp-error-codes/
- Amazon https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-smtp.html
- Postfix https://www.postfix.org/access.5.html and Exim, as hosted mail servers answer.
"""

import re
from enum import StrEnum


class Blame(StrEnum):
    """Whose fault it is."""

    recipient = "recipient"  # there is no such mailbox: the address is wrong
    full = "full"  # the mailbox is full, or takes nothing just now
    content = "content"  # this message is refused, whoever it goes to
    ours = "ours"  # our account, quota, policy, reputation or sign-in: every message would be refused
    unclear = "unclear"  # refused, and nothing says why


ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
BY_WORDS: tuple[tuple[Blame, str], ...] = (
    # One mailbox: what is full has a quota, too (Dovecot: "Quota exceeded (mailbox for user is full)").
    (Blame.full, r"[45]\.2\.2\b(?!.*(?:sending|daily|hourly|per (?:hour|day)))|receiving mail at a rate"),
    (Blame.full, r"(?:mailbox|inbox).{0,30}(?:quota|full\b)|quota.{0,30}(?:mailbox|full\b)"),
    (Blame.recipient, r"SenderNotAuthenticatedFor|5\.4\.1 .{0,80}recipient address rejected"),  # Microsoft
    # Ours comes before the rest: services put a quota under codes that mean something else.
    (Blame.ours, r"quota (?:was )?exceeded|exceeded .{0,40}(?:quota|limit|max)|sending limit|rate limit"),
    (Blame.ours, r"(?:daily|hourly) .{0,20}(?:limit|quota)|reached your .{0,20}limit|sendquota"),
    (Blame.ours, r"(?:too many|maximum) .{0,30}(?:messages|e?mails|connections|credits|per (?:hour|day))"),
    (Blame.ours, r"throttl|unusual rate|too fast|reputation|spamhaus|blacklist|listed (?:in|at|by)"),
    (Blame.ours, r"block(?:ed| ?list)|banned sending|\[bl\d|bad outbound sender|suspended for sending"),
    (Blame.ours, r"too much mail|sending (?:is )?paused|abuse detected|sender verify failed"),
    (
        Blame.ours,
        r"relay(?:ing)? (?:access )?(?:denied|not permitted)|not permitted to relay|unable to relay",
    ),
    (Blame.ours, r"authentication"),
    (Blame.ours, r"unauthenticated|\b(?:spf|dkim|dmarc)\b|not verified|verified sender"),
    (Blame.ours, r"sender (?:address )?rejected|client host rejected|not allowed to send"),
    (Blame.full, r"over ?quota|(?:mailbox|inbox) (?:is )?full|(?:in|over|exceed).{0,20}storage"),
    (Blame.content, r"\bspam\b|virus|malware|message (?:content|size)|too large|attachment"),
    (Blame.recipient, r"user unknown|unknown (?:user|recipient|mailbox)|user not found|doesn't have"),
    (Blame.recipient, r"no such (?:user|person|mailbox|recipient|address)|does not exist"),
    (Blame.recipient, r"recipient (?:not found|unknown)|mailbox not found|invalid (?:recipient|mailbox)"),
    (Blame.recipient, r"unrouteable address|(?:account|mailbox) .{0,20}(?:disabled|inactive)"),
)
WORDS = tuple((which, re.compile(pattern, re.IGNORECASE)) for which, pattern in BY_WORDS)
BY_CODE: dict[str, Blame] = {
    "1.1": Blame.recipient,  # bad destination mailbox address
    "1.2": Blame.recipient,  # bad destination system address
    "1.3": Blame.recipient,  # bad destination mailbox address syntax
    "1.6": Blame.recipient,  # the mailbox has moved, no forwarding address
    "1.7": Blame.ours,  # bad sender's mailbox address syntax
    "1.8": Blame.ours,  # bad sender's system address
    "1.10": Blame.recipient,  # the domain takes no mail (RFC 7505); at Microsoft: recipient not found
    "1.90": Blame.ours,  # Microsoft: the daily limit is reached
    "2.1": Blame.recipient,  # mailbox disabled
    "2.2": Blame.full,
    "2.3": Blame.content,  # longer than the mailbox takes
    "3.1": Blame.full,  # the mail system is full
    "3.4": Blame.content,  # too big
    "4.5": Blame.ours,  # mail system congestion; at Google: daily sending quota
    "7.0": Blame.ours,
    "7.1": Blame.ours,  # delivery not authorised
    "7.2": Blame.recipient,  # the list takes mail from its members alone
    "7.8": Blame.ours,  # credentials
    "7.9": Blame.ours,
    "7.13": Blame.recipient,  # the user's account is disabled
    "7.17": Blame.recipient,  # the mailbox has another owner now (RFC 7293)
    "7.18": Blame.recipient,  # the domain has another owner now
    **{
        f"7.{detail}": Blame.ours for detail in (20, 21, 22, 23, 24, 25, 26, 27, 28, 29)
    },  # DKIM, SPF, DMARC, DNS
}
SIGN_IN = (530, 534, 535, 538)  # RFC 4954
OURS_FOR_NOW = (421, 454)  # the service closes, or cannot sign us in
ADDRESS = re.compile(r"<?[^\s<>]+@[^\s<>]+>?")
BRACKETS = str.maketrans("", "", "()<>")
BY_SUBJECT = {"1": Blame.unclear, "2": Blame.full, "6": Blame.content, "7": Blame.ours}
"""What a code means whose detail says nothing to us."""


def blame(code: int, text: str) -> Blame:
    """Whose fault a reply to our one recipient, or to the message, is: by its code and its text.

    Words weigh more than a code where both speak: many services refuse for a quota under a code that means
    the recipient, and name an unknown user under one that means us. A refusal for now (4xx) is ours only
    where the words or the code of the reply say so: much is put off that is nobody's fault (greylisting).
    """
    said, found = _by_words(text), _code(text)
    if code < 500:
        return Blame.ours if said is Blame.ours or code in OURS_FOR_NOW else said or Blame.unclear
    if code in SIGN_IN:
        return Blame.ours
    if said is not None or found is None or found[1] == "2":
        return said or Blame.unclear
    return BY_CODE.get(f"{found[2]}.{found[3]}") or BY_SUBJECT.get(found[2], Blame.unclear)


def _code(text: str) -> re.Match[str] | None:
    """The first code that says something: a report may put 5.0.0 before the code of the server."""
    found = list(ENHANCED.finditer(text))
    return next((each for each in found if each[2] != "0"), found[0] if found else None)


def words(text: str, longest: int = 120) -> str:
    """What a server says, for the clinic: without codes, signs that we use, and anybody's address."""
    bare = ADDRESS.sub("…", ENHANCED.sub("", text)).translate(BRACKETS)
    return " ".join("".join(char if char.isprintable() else " " for char in bare).split())[:longest]


def _by_words(text: str) -> Blame | None:
    return next((which for which, pattern in WORDS if pattern.search(text)), None)
