"""What single people on the staff are sent about clients: chosen, in their hours, never a name."""

from datetime import UTC, datetime, time, timedelta

import pytest

from handlers.context import Context
from handlers.schedule import alerts, news
from handlers.send import staff_mail
from handlers.staff import wishes
from handlers.staff.wishes import Wishes
from handlers.worker import work
from schemas.booking import Booking
from schemas.delivery import Channel
from schemas.message import Text
from schemas.reason import Reason
from schemas.staff import AccountNews, Role, StaffNews, Wish
from store import bookings, deliveries, staff
from tests.helpers.clinic import NOW
from tests.helpers.console import EMAIL, account, answer, visit
from tests.helpers.mailbox import Mailbox

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
BO = "bo@handsofstone.example"


class Texts:
    """A text-message service that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[Text] = []

    def send(self, message: Text) -> str:
        """Take one."""
        self.sent.append(message)
        return "SM1"


@pytest.fixture
def booking(context: Context) -> Booking:
    """A visit with Mara Field; she and Bo have accounts."""
    account(context)
    account(context, BO, "Bo Quinn", (Role.practitioner,))
    number = visit(context, "u1", practitioner="Mara Field")
    with context.db.read() as tx:
        found = bookings.get(tx, number)
    assert found is not None
    return found


def choose(context: Context, email: str = EMAIL, number: str = "", **when: Wish) -> None:
    with context.db.begin() as tx:
        who = staff.by_email(tx, email)
        assert who is not None
        chosen = {StaffNews(kind): wish for kind, wish in when.items()}
        wishes.keep(tx, who.id, Wishes(chosen, number, time(8), time(18)))


def happens(context: Context, booking: Booking, kind: StaffNews, at: datetime, times: int = 1) -> None:
    with context.db.begin() as tx:
        for _each in range(times):
            news.tell(tx, booking, kind, at)


def on_the_wall(context: Context, day: int, clock: time) -> datetime:
    day_of = NOW.astimezone(context.zone()).date() + timedelta(days=day)
    return datetime.combine(day_of, clock, context.zone()).astimezone(UTC)


def got(context: Context, mailbox: Mailbox, at: datetime) -> list[tuple[str, str]]:
    """To whom and of which kind, of what leaves now."""
    before = len(mailbox.mails)
    staff_mail.send_due(context, at)
    return [(mail["To"], mail["X-Aftercare-Kind"]) for mail in mailbox.mails[before:]]


def test_a_mail_server_that_hangs_keeps_no_text_waiting(
    context: Context, booking: Booking, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(context, number="+12025550123", alert=Wish.now)
    happens(context, booking, StaffNews.alert, NOW)
    texts = Texts()
    monkeypatch.setitem(context.senders, Channel.sms, texts)
    assert staff_mail.send_due(context, NOW, (Channel.sms,)) == 1
    assert (len(texts.sent), mailbox.kinds()) == (1, [])
    assert staff_mail.send_due(context, NOW, (Channel.email,)) == 1
    assert (len(texts.sent), mailbox.kinds()) == (1, ["alert"])


def test_an_alert_goes_before_all_that_can_wait(context: Context, booking: Booking, mailbox: Mailbox) -> None:
    choose(context, alert=Wish.now, form=Wish.now)
    with context.db.begin() as tx:
        who = staff.by_email(tx, BO)
        assert who is not None
        staff.mail(tx, who.id, AccountNews.password, NOW)
    noon = on_the_wall(context, 0, time(12))
    happens(context, booking, StaffNews.form, noon)
    happens(context, booking, StaffNews.alert, noon)
    assert got(context, mailbox, noon)[0][1] == "alert"


def test_nothing_is_sent_that_nobody_chose(context: Context, booking: Booking, mailbox: Mailbox) -> None:
    for kind in StaffNews:
        happens(context, booking, kind, NOW)
    with context.db.begin() as tx:
        alerts.at_once(tx, booking.id, "RF1", NOW)
    assert got(context, mailbox, NOW + timedelta(hours=30)) == []


def test_an_alert_comes_at_any_hour_once_for_each_reason_and_to_practitioners_alone(
    context: Context, booking: Booking, mailbox: Mailbox
) -> None:
    choose(context, alert=Wish.now)
    choose(context, BO, alert=Wish.now)
    account(context, "jo@handsofstone.example", "Jo", (Role.front_desk,))
    choose(context, "jo@handsofstone.example", alert=Wish.now)
    night = on_the_wall(context, 1, time(3))
    for _twice in range(2):
        with context.db.begin() as tx:
            alerts.at_once(tx, booking.id, "RF1", night)
    assert sorted(got(context, mailbox, night)) == [(BO, "alert"), (EMAIL, "alert")]
    assert got(context, mailbox, night + timedelta(hours=1)) == []
    whole = "".join(str(mail) for mail in mailbox.mails)
    assert f"/console/bookings/{booking.id}" in whole
    assert "Zoë" not in whole
    assert "RF1" not in whole


def test_what_is_chosen_at_once_waits_for_the_hours_and_is_of_ones_own_clients(
    context: Context, booking: Booking, mailbox: Mailbox
) -> None:
    choose(context, form=Wish.now)
    choose(context, BO, form=Wish.now)
    happens(context, booking, StaffNews.form, on_the_wall(context, 1, time(20)))
    assert got(context, mailbox, on_the_wall(context, 1, time(20, 1))) == []
    assert got(context, mailbox, on_the_wall(context, 2, time(7, 59))) == []
    assert got(context, mailbox, on_the_wall(context, 2, time(8, 1))) == [(EMAIL, "staff_news")]
    happens(context, booking, StaffNews.form, on_the_wall(context, 2, time(9)))
    assert got(context, mailbox, on_the_wall(context, 2, time(9))) == [(EMAIL, "staff_news")]


def test_one_mail_a_day_says_how_many_of_each(context: Context, booking: Booking, mailbox: Mailbox) -> None:
    choose(context, form=Wish.daily, written=Wish.daily, look=Wish.daily)
    happens(context, booking, StaffNews.form, on_the_wall(context, 1, time(9)), 2)
    happens(context, booking, StaffNews.written, on_the_wall(context, 1, time(23)))
    assert got(context, mailbox, on_the_wall(context, 1, time(23, 30))) == []
    assert got(context, mailbox, on_the_wall(context, 2, time(8))) == [(EMAIL, "staff_news")]
    words = mailbox.mails[-1].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "sent in: 2." in words
    assert "answer: 1." in words
    assert "next days" not in words
    happens(context, booking, StaffNews.look, on_the_wall(context, 2, time(7)))
    assert got(context, mailbox, on_the_wall(context, 2, time(12))) == [], "one a day, whatever the hours"
    assert got(context, mailbox, on_the_wall(context, 3, time(8))) == [(EMAIL, "staff_news")]


def test_a_text_goes_to_ones_own_number_and_a_refused_mail_is_tried_again(
    context: Context, booking: Booking, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Text] = []

    class Texts:
        def send(self, message: Text) -> str:
            sent.append(message)
            return "id"

    monkeypatch.setitem(context.senders, Channel.sms, Texts())
    choose(context, alert=Wish.now, number="+1 212 555 0123")
    happens(context, booking, StaffNews.alert, NOW)
    mailbox.refuse = "451 later"
    assert got(context, mailbox, NOW) == []
    assert [text.to for text in sent] == ["+12125550123"]
    assert "Zoë" not in sent[0].body
    mailbox.refuse = ""
    assert got(context, mailbox, NOW + timedelta(minutes=6)) == [(EMAIL, "alert")]
    assert len(sent) == 1


def test_who_chose_otherwise_or_left_since_gets_nothing(
    context: Context, booking: Booking, mailbox: Mailbox
) -> None:
    choose(context, form=Wish.daily, alert=Wish.now)
    choose(context, BO, alert=Wish.now)
    happens(context, booking, StaffNews.form, NOW)
    happens(context, booking, StaffNews.alert, NOW)
    choose(context, alert=Wish.off)
    with context.db.begin() as tx:
        bo = staff.by_email(tx, BO)
        assert bo is not None
        staff.set_active(tx, bo.id, NOW, active=False)
    assert got(context, mailbox, NOW + timedelta(hours=30)) == []


def test_a_plan_that_waits_for_a_look_is_said_once_to_who_treats_and_chose_it(
    context: Context, mailbox: Mailbox
) -> None:
    account(context)
    account(context, BO, "Bo Quinn", (Role.practitioner,))
    choose(context, look=Wish.now)
    choose(context, BO, look=Wish.now)
    noon = on_the_wall(context, 1, time(12))
    number = visit(context, "u1", start=noon - timedelta(hours=2), now=NOW)
    answer(context, number, NOW, pain_now="9", pain_avg7="8")
    assert got(context, mailbox, noon - timedelta(hours=2)) == []
    for minutes in (0, 5):
        with context.db.begin() as tx:
            for each in deliveries.held_for(tx, [1], (Reason.needs_review,)):
                deliveries.reschedule(tx, each.id, noon)
        work.work_once(context, noon + timedelta(minutes=minutes))
        staff_mail.send_due(context, noon + timedelta(minutes=minutes))
    assert [mail["To"] for mail in mailbox.of("staff_news")] == [EMAIL]
    assert "look in the next days: 1." in str(mailbox.of("staff_news")[0].get_body(("plain",)))


@pytest.mark.parametrize("answers", [{}, {"rf_saddle": "yes"}])
def test_a_plan_that_goes_out_or_is_stopped_is_no_look(
    context: Context, mailbox: Mailbox, answers: dict[str, str]
) -> None:
    account(context)
    choose(context, look=Wish.now)
    noon = on_the_wall(context, 1, time(12))
    answer(context, visit(context, "u1", start=noon - timedelta(hours=2), now=NOW), NOW, **answers)
    work.work_once(context, noon)
    staff_mail.send_due(context, noon)
    assert mailbox.of("staff_news") == []
