"""A client's way through the form in a real browser, on a phone and on a desk."""

from handlers.links import LinkPurpose
from store import intakes
from tests.browser.conftest import PHONE, Site
from tests.browser.hands import Hands
from tests.healthy import TAPPED


def test_a_first_visit_takes_at_most_25_screens_and_60_taps(site: Site, open_page) -> None:
    booking = site.visit()
    page = open_page(PHONE)
    page.goto(site.link(LinkPurpose.intake, booking.id))
    hands = Hands(page, TAPPED)
    hands.fill_in()
    print(len(hands.screens), hands.taps, hands.screens)
    assert len(hands.screens) <= 25
    assert hands.taps <= 60
    with site.house.db.read() as tx:
        intake = intakes.of_booking(tx, booking.id)
    assert intake is not None
    assert intake.done
    assert intake.answers["rf_saddle"] == "no"
