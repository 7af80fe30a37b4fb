"""One notion of an e-mail address, with addresses from many places."""

from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.notions import mail_address

# as written, as kept, as a mail's header and the mail server have it
ADDRESSES = [
    ("zoe@example.org", "zoe@example.org", "zoe@example.org"),
    ("Zoe.O'Neil+x@Sub.Example", "Zoe.O'Neil+x@sub.example", "Zoe.O'Neil+x@sub.example"),
    ("care@praxis-müller.example", "care@praxis-müller.example", "care@xn--praxis-mller-klb.example"),
    ("care@xn--praxis-mller-klb.example", "care@praxis-müller.example", "care@xn--praxis-mller-klb.example"),
    ("CARE@PRAXIS-MÜLLER.EXAMPLE", "CARE@praxis-müller.example", "CARE@xn--praxis-mller-klb.example"),
    ("info@straße.example", "info@straße.example", "info@xn--strae-oqa.example"),
    ("info@例子.广告", "info@例子.广告", "info@xn--fsqu00a.xn--4rr70v"),
    ("info@مثال.السعودية", "info@مثال.السعودية", "info@xn--mgbh0fb.xn--mgberp4a5d4ar"),
    ("用户@例子.广告", "用户@例子.广告", "用户@xn--fsqu00a.xn--4rr70v"),
    ("jose\u0301@ejemplo.example", "josé@ejemplo.example", "josé@ejemplo.example"),
]
NONE = [
    *("", "@", "plain", "a@b", "root@localhost", "a@b@c.example", "a b@c.example", " a@b.example"),
    *("a@b.example, c@d.example", "a@b.example;c@d.example", "A <a@b.example>", "a..b@c.example"),
    *("a@b.example\r\nBcc: c@d.example", "a@b.example\u2028", "a\u202e@b.example", "a@ex\u200bample.org"),
    *("a@[127.0.0.1]", '"a b"@c.example', "a@-b.example", "a@b.example.", "a@😀.example", "a\0@b.example"),
    *("x" * 65 + "@b.example", "a@" + "b" * 250 + ".example", "a" * 300),
]


@pytest.mark.parametrize(("written", "kept", "sent"), ADDRESSES)
def test_an_address_has_one_form_to_keep_and_one_to_send(written: str, kept: str, sent: str) -> None:
    assert mail_address.read(written) == mail_address.read(kept) == kept
    assert mail_address.mailbox(written).addr_spec == sent
    assert mail_address.in_plain_letters(kept) is sent.isascii()


@pytest.mark.parametrize("written", NONE)
def test_anything_but_one_address_is_none_and_never_repeated(written: str) -> None:
    assert mail_address.read(written) is None
    with pytest.raises(ValueError, match=r"\Anot one e-mail address\Z"):
        mail_address.mailbox(written)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("The Clinic <care@clinic.example>", ("The Clinic", "care@clinic.example")),
        ('"Müller, Praxis" <care@praxis-müller.example>', ("Müller, Praxis", "care@praxis-müller.example")),
        ("care@clinic.example", ("", "care@clinic.example")),
        ("<care@clinic.example>", ("", "care@clinic.example")),
        ("The Clinic", None),
        ("A <a@b.example>, B <c@d.example>", None),
        ("A <a@b>", None),
        ("", None),
    ],
)
def test_a_name_may_stand_before_the_clinics_address(written: str, found: tuple[str, str] | None) -> None:
    assert mail_address.read_named(written) == found


@given(st.text(max_size=30) | st.emails())
def test_whatever_is_an_address_makes_one_header_line(written: str) -> None:
    kept = mail_address.read(written)
    mail_address.read_named(written)
    if kept is None:
        return
    assert mail_address.read(kept) == kept
    mail = EmailMessage(policy=SMTP)
    mail["To"] = mail_address.mailbox(kept, 'Zoë, "the" client')
    assert len(mail["To"].addresses) == 1
