"""An e-mail address: one notion of it for settings, forms, schedulers' clients, staff and every mail.

What one is, is email-validator's word (https://github.com/JoshData/python-email-validator). Nothing is asked
of the network: whether a domain takes mail is known when a mail is sent. Placeholders that a scheduler makes
up ("...@sms.example") are addresses here; whoever tells them apart does it in `read`.
"""

from email.headerregistry import Address
from email.utils import getaddresses
from functools import lru_cache

from email_validator import EmailNotValidError, ValidatedEmail, validate_email


def read(written: str) -> str | None:
    """The address as it is kept and shown; None for anything but exactly one.

    >>> read("care@XN--PRAXIS-MLLER-KLB.example"), read("a@b.example, c@d.example"), read("Bo <a@b.example>")
    ('care@praxis-müller.example', None, None)
    """
    found = _validated(written)
    return found.normalized if found else None


def read_named(written: str) -> tuple[str, str] | None:
    """Name and address of `The Clinic <care@clinic.example>`; the name is "" where none stands there."""
    found = getaddresses([written])
    if len(found) != 1:
        return None
    name, address = found[0]
    known = read(address)
    return (name, known) if known else None


def mailbox(address: str, name: str = "") -> Address:
    """The address for a mail's header, its domain in ASCII; ValueError for anything but exactly one.

    The error never repeats the address, since logs must not hold it.
    """
    found = _validated(address)
    if found is None:
        raise ValueError("not one e-mail address")
    return Address(name, username=found.local_part, domain=found.ascii_domain)


def in_plain_letters(address: str) -> bool:
    """True where every mail server can carry it: nothing but ASCII stands before the @."""
    return address.rpartition("@")[0].isascii()


@lru_cache(maxsize=256)  # one booking names its few addresses a dozen times
def _validated(written: str) -> ValidatedEmail | None:
    """What is not delivered on the open net (`.test`) is an address all the same."""
    try:
        return validate_email(written, check_deliverability=False, test_environment=True, strict=True)
    except EmailNotValidError:
        return None
