"""Passwords, second factors, recovery codes."""

from datetime import timedelta

import pyotp
import pytest
from argon2 import PasswordHasher
from cryptography.fernet import Fernet

from handlers import staff
from handlers.house import House
from handlers.staff import DECOY, Entry, Refused, Unfit
from store import audit
from store import staff as accounts
from store.staff import Stage
from store.vault import Vault
from tests.console_support import EMAIL, PASSWORD, account
from tests.support import NOW

ADDRESS = "192.0.2.1"


def enter(house: House, *, require_totp: bool = False) -> Entry:
    found = staff.log_in(house, EMAIL, PASSWORD, ADDRESS, NOW, require_totp=require_totp)
    assert isinstance(found, Entry)
    return found


def enrolled(house: House) -> tuple[str, list[str]]:
    """An account with a second factor; its secret and its recovery codes."""
    entry = enter(house, require_totp=True)
    assert entry.stage is Stage.enrol
    with house.db.read() as tx:
        known = staff.current(tx, entry.token, NOW)
    assert known is not None
    secret = known[1].totp
    done = staff.enrol(house, entry.token, pyotp.TOTP(secret).at(NOW), NOW)
    assert not isinstance(done, Refused)
    return secret, done[1]


def test_the_second_factor_is_set_up_once_and_asked_for_from_then_on(house: House) -> None:
    account(house)
    secret, codes = enrolled(house)
    assert len(set(codes)) == staff.CODES
    later = NOW + timedelta(minutes=5)
    entry = enter(house)
    assert entry.stage is Stage.code
    assert staff.confirm(house, entry.token, "000000", later) is Refused.wrong
    whole = staff.confirm(house, entry.token, pyotp.TOTP(secret).at(later), later)
    assert isinstance(whole, Entry)
    assert whole.token != entry.token
    with house.db.read() as tx:
        assert staff.current(tx, entry.token, later) is None, "the half-way session has ended"
        assert staff.current(tx, whole.token, later) is not None


def test_a_code_counts_once(house: House) -> None:
    account(house)
    secret, _codes = enrolled(house)
    later = NOW + timedelta(minutes=5)
    code = pyotp.TOTP(secret).at(later)
    assert isinstance(staff.confirm(house, enter(house).token, code, later), Entry)
    assert staff.confirm(house, enter(house).token, code, later) is Refused.wrong


def test_the_code_that_enrolled_does_not_sign_in_again(house: House) -> None:
    account(house)
    secret, _codes = enrolled(house)
    assert staff.confirm(house, enter(house).token, pyotp.TOTP(secret).at(NOW), NOW) is Refused.wrong


def test_a_recovery_code_lets_in_once_however_it_is_typed(house: House) -> None:
    account(house)
    _secret, codes = enrolled(house)
    typed = codes[0].upper().replace("-", " ")
    assert isinstance(staff.confirm(house, enter(house).token, typed, NOW), Entry)
    assert staff.confirm(house, enter(house).token, codes[0], NOW) is Refused.wrong
    with house.db.read() as tx:
        assert accounts.codes_left(tx, 1) == staff.CODES - 1


def test_guessing_codes_is_stopped(house: House) -> None:
    account(house)
    secret, _codes = enrolled(house)
    entry = enter(house)
    for _ in range(staff.MOST_TRIES["code"]):
        assert staff.confirm(house, entry.token, "123123", NOW) is Refused.wrong
    later = NOW + timedelta(minutes=5)
    assert staff.confirm(house, entry.token, pyotp.TOTP(secret).at(later), later) is Refused.too_many


def test_a_login_halfway_in_ends_after_ten_minutes(house: House) -> None:
    account(house)
    secret, _codes = enrolled(house)
    entry, late = enter(house), NOW + timedelta(minutes=11)
    assert staff.confirm(house, entry.token, pyotp.TOTP(secret).at(late), late) is Refused.wrong


@pytest.mark.parametrize(
    "weak", ["short", "mara@handsofstone.example", "Mara-2026-Mara!", "aaaaaaaaaaaaaaa", "x" * 201]
)
def test_weak_passwords_are_refused(house: House, weak: str) -> None:
    with house.db.begin() as tx, pytest.raises(Unfit):
        staff.add(tx, EMAIL, "Mara Field", [accounts.Role.manager], weak, NOW)


def test_two_accounts_cannot_share_an_address_or_a_name(house: House) -> None:
    account(house)
    for email, name in ((EMAIL.upper(), "Somebody Else"), ("other@example.org", "MARA field")):
        with house.db.begin() as tx, pytest.raises(Unfit):
            staff.add(tx, email, name, [accounts.Role.manager], PASSWORD, NOW)


def test_an_unknown_address_costs_as_much_work_as_a_wrong_password() -> None:
    assert not PasswordHasher().check_needs_rehash(DECOY)


def test_every_way_in_and_out_is_in_the_log(house: House) -> None:
    account(house)
    entry = enter(house)
    staff.log_in(house, EMAIL, "a wrong password", ADDRESS, NOW, require_totp=False)
    with house.db.begin() as tx:
        known = staff.current(tx, entry.token, NOW)
        assert known is not None
        staff.log_out(tx, known[1], known[0], NOW)
    with house.db.read() as tx:
        acts = [line.action for line in audit.log(tx)]
    assert acts == ["logout", "login_failed", "login", "staff_added"]


def test_a_reset_takes_password_second_factor_and_sessions_away(house: House) -> None:
    number = account(house)
    enrolled(house)
    with house.db.begin() as tx:
        staff.reset(tx, number, "nine loud brown stones", "command line", NOW)
        assert accounts.codes_left(tx, number) == 0
    old = staff.log_in(house, EMAIL, PASSWORD, ADDRESS, NOW, require_totp=False)
    assert old is Refused.wrong
    new = staff.log_in(house, EMAIL, "nine loud brown stones", ADDRESS, NOW, require_totp=False)
    assert isinstance(new, Entry)
    assert new.stage is Stage.full


def test_a_second_factor_under_a_lost_key_lets_nobody_in_and_can_be_reset(house: House) -> None:
    number = account(house)
    secret, _codes = enrolled(house)
    house.db.vault = Vault([Fernet.generate_key().decode()])
    later = NOW + timedelta(minutes=5)
    entry = enter(house)
    assert entry.stage is Stage.code
    assert staff.confirm(house, entry.token, pyotp.TOTP(secret).at(later), later) is Refused.wrong
    with house.db.begin() as tx:
        staff.reset(tx, number, PASSWORD, "command line", NOW)
    assert enter(house).stage is Stage.full
