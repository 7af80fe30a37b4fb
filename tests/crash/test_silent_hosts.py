"""Real processes beside hosts that take every connection and never answer (B22)."""

from pathlib import Path

from tests.helpers.installation import LONG, installation, wait_for
from tests.helpers.mailbox import Mailbox
from tests.helpers.silent import Silent, silent, text_service

ALERT = 5.0  # seconds that an alert may take beside a host that hangs
OTHERS = 10.0  # seconds that another connection may take


def asked(host: Silent) -> bool:
    """True once somebody waits for this host."""
    return bool(host.taken)


def test_a_hanging_scheduler_and_text_service_hold_up_neither_alerts_nor_another_connection(
    database_url: str, mailbox: Mailbox, tmp_path: Path
) -> None:
    def mailed(uid: str, kind: str) -> bool:
        whom = f"{uid}@example.org" if kind == "intake" else uid
        return any(kind == mail["X-Aftercare-Kind"] and whom in str(mail) for mail in mailbox.mails)

    with (
        silent() as scheduler,
        silent() as texts,
        installation(tmp_path, database_url, mailbox.port, scheduler.url, texts.url) as clinic,
    ):
        for number in range(3):
            clinic.book(f"m{number}", "main")
        wait_for(lambda: clinic.taken_in(3) and len(scheduler.taken) >= 2, LONG)
        clinic.book("s1", "site")
        wait_for(lambda: mailed("s1", "intake"), OTHERS)
        clinic.alert("m1")
        wait_for(lambda: mailbox.of("alert"), ALERT)
        wait_for(lambda: asked(texts), ALERT)
        clinic.alert("s1")
        wait_for(lambda: len(mailbox.of("alert")) == 2, ALERT)
        assert "intake" not in {
            mail["X-Aftercare-Kind"] for mail in mailbox.mails if "m1@" in str(mail["To"])
        }


def test_a_silent_mail_server_holds_up_neither_webhooks_nor_an_alert_by_text(
    database_url: str, tmp_path: Path
) -> None:
    with (
        silent() as mail,
        text_service() as texts,
        installation(tmp_path, database_url, mail.port, "", texts.url) as clinic,
    ):
        for number in range(3):
            clinic.book(f"s{number}", "site")
        wait_for(lambda: clinic.taken_in(3) and asked(mail), LONG)
        clinic.alert("s1")
        wait_for(lambda: texts.sent, ALERT)
        clinic.book("s4", "site")
        clinic.book("m1", "main")
        wait_for(lambda: clinic.taken_in(5), OTHERS)
