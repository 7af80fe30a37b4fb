"""Passwords, second factors, recovery codes."""

import math
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta

import pyotp
import pytest
from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.context import Context
from handlers.staff import accounts, passwords, second_factor, sessions, sign_in, tries
from handlers.staff.hashing import DECOY
from handlers.staff.passwords import Unfit
from handlers.staff.sessions import Entry
from handlers.staff.tries import Refused
from schemas.staff import Role, Staff, Stage
from store import audit
from store import staff as stored_staff
from store.base import Tx
from store.vault import Vault
from tests.helpers.clinic import NOW
from tests.helpers.console import EMAIL, PASSWORD, account

ADDRESS = "192.0.2.1"


def enter(context: Context, *, require_totp: bool = False) -> Entry:
    found = sign_in.log_in(context, EMAIL, PASSWORD, ADDRESS, NOW, require_totp=require_totp)
    assert isinstance(found, Entry)
    return found


def enrolled(context: Context) -> tuple[str, list[str]]:
    """An account with a second factor; its secret and its recovery codes."""
    entry = enter(context, require_totp=True)
    assert entry.stage is Stage.enrol
    with context.db.read() as tx:
        known = sessions.current(tx, context, entry.token, NOW)
    assert known is not None
    secret = known[1].totp
    done = second_factor.enrol(context, entry.token, pyotp.TOTP(secret).at(NOW), NOW)
    assert not isinstance(done, Refused)
    with context.db.read() as tx:
        return secret, second_factor.codes_of(tx, context, known[0].id, done[1])


def test_the_second_factor_is_set_up_once_and_asked_for_from_then_on(context: Context) -> None:
    account(context)
    secret, codes = enrolled(context)
    assert len(set(codes)) == second_factor.CODES
    later = NOW + timedelta(minutes=5)
    entry = enter(context)
    assert entry.stage is Stage.code
    assert second_factor.confirm(context, entry.token, "000000", later) is Refused.wrong
    whole = second_factor.confirm(context, entry.token, pyotp.TOTP(secret).at(later), later)
    assert isinstance(whole, Entry)
    assert whole.token != entry.token
    with context.db.read() as tx:
        assert sessions.current(tx, context, entry.token, later) is None, "the half-way session has ended"
        assert sessions.current(tx, context, whole.token, later) is not None


def test_a_code_counts_once(context: Context) -> None:
    account(context)
    secret, _codes = enrolled(context)
    later = NOW + timedelta(minutes=5)
    code = pyotp.TOTP(secret).at(later)
    assert isinstance(second_factor.confirm(context, enter(context).token, code, later), Entry)
    assert second_factor.confirm(context, enter(context).token, code, later) is Refused.wrong


def test_the_code_that_enrolled_does_not_sign_in_again(context: Context) -> None:
    account(context)
    secret, _codes = enrolled(context)
    assert (
        second_factor.confirm(context, enter(context).token, pyotp.TOTP(secret).at(NOW), NOW) is Refused.wrong
    )


def test_a_recovery_code_lets_in_once_however_it_is_typed(context: Context) -> None:
    account(context)
    _secret, codes = enrolled(context)
    typed = codes[0].upper().replace("-", " ")
    assert isinstance(second_factor.confirm(context, enter(context).token, typed, NOW), Entry)
    assert second_factor.confirm(context, enter(context).token, codes[0], NOW) is Refused.wrong
    with context.db.read() as tx:
        assert stored_staff.codes_left(tx, 1) == second_factor.CODES - 1


def test_guessing_codes_is_stopped(context: Context) -> None:
    account(context)
    secret, _codes = enrolled(context)
    entry = enter(context)
    for _ in range(tries.MOST_TRIES["code"]):
        assert second_factor.confirm(context, entry.token, "123123", NOW) is Refused.wrong
    later = NOW + timedelta(minutes=5)
    assert (
        second_factor.confirm(context, entry.token, pyotp.TOTP(secret).at(later), later) is Refused.too_many
    )


def test_a_login_halfway_in_ends_after_ten_minutes(context: Context) -> None:
    account(context)
    secret, _codes = enrolled(context)
    entry, late = enter(context), NOW + timedelta(minutes=11)
    code = pyotp.TOTP(secret).at(late)
    assert second_factor.confirm(context, entry.token, code, late) is Refused.wrong


def made_for(context: Context, *, totp: bool = False) -> Entry:
    """A sign-in with a password that a command has made."""
    with context.db.begin() as tx:
        accounts.add(tx, context, EMAIL, "Mara Field", [Role.manager], PASSWORD, NOW, made_for_them=True)
    return enter(context, require_totp=totp)


def test_a_password_that_was_made_opens_nothing_but_its_own_change(context: Context) -> None:
    entry = made_for(context)
    assert entry.stage is Stage.renew
    with pytest.raises(Unfit, match=re.escape(passwords.MADE)):
        sign_in.renew_password(context, entry.token, PASSWORD, NOW)
    with pytest.raises(Unfit):
        sign_in.renew_password(context, entry.token, "massage therapy 1", NOW)
    own = "nine lazy otters dream"
    whole = sign_in.renew_password(context, entry.token, own, NOW)
    assert isinstance(whole, Entry)
    assert whole.stage is Stage.full
    assert sign_in.renew_password(context, entry.token, "four dull grey pebbles", NOW) is Refused.wrong
    assert sign_in.renew_password(context, whole.token, "four dull grey pebbles", NOW) is Refused.wrong
    assert sign_in.log_in(context, EMAIL, PASSWORD, ADDRESS, NOW, require_totp=False) is Refused.wrong
    again = sign_in.log_in(context, EMAIL, own, ADDRESS, NOW + timedelta(days=9), require_totp=False)
    assert isinstance(again, Entry)
    assert again.stage is Stage.full


def test_a_password_that_was_made_comes_after_the_second_factor_and_not_in_its_place(
    context: Context,
) -> None:
    entry = made_for(context, totp=True)
    assert entry.stage is Stage.enrol
    assert sign_in.renew_password(context, entry.token, "nine lazy otters dream", NOW) is Refused.wrong
    with context.db.read() as tx:
        known = sessions.current(tx, context, entry.token, NOW)
    assert known is not None
    done = second_factor.enrol(context, entry.token, pyotp.TOTP(known[1].totp).at(NOW), NOW)
    assert not isinstance(done, Refused)
    assert done[0].stage is Stage.renew


def test_a_password_that_was_made_ends_after_three_days(context: Context) -> None:
    made_for(context)
    for late in (timedelta(days=3), timedelta(days=30)):
        found = sign_in.log_in(context, EMAIL, PASSWORD, ADDRESS, NOW + late, require_totp=False)
        assert found is Refused.wrong


def test_a_reset_for_who_forgot_the_password_alone_keeps_the_second_factor(context: Context) -> None:
    account(context)
    secret, _codes = enrolled(context)
    with context.db.begin() as tx:
        who = stored_staff.by_email(tx, EMAIL)
        assert who is not None
        about = {"made_for_them": True, "keep_factor": True, "recognised": "in person"}
        accounts.reset(tx, context, who.id, "nine lazy otters dream", "mara", NOW, **about)  # type: ignore[arg-type]
        (line,) = audit.log(tx, action="staff_reset")
    assert line.detail == "password alone: in person"
    entry = sign_in.log_in(context, EMAIL, "nine lazy otters dream", ADDRESS, NOW, require_totp=True)
    assert isinstance(entry, Entry)
    assert entry.stage is Stage.code
    later = NOW + timedelta(minutes=5)
    confirmed = second_factor.confirm(context, entry.token, pyotp.TOTP(secret).at(later), later)
    assert isinstance(confirmed, Entry)
    assert confirmed.stage is Stage.renew


def test_a_recovery_code_is_too_long_to_guess_at_even_by_who_has_its_hash(context: Context) -> None:
    account(context)
    _secret, codes = enrolled(context)
    assert all(len(code.replace("-", "")) * math.log2(31) >= 112 for code in codes)


@pytest.mark.parametrize(
    ("weak", "fault"),
    [
        ("short", passwords.TOO_SHORT),
        ("x" * 201, passwords.TOO_LONG),
        ("mara@handsofstone.example", passwords.PERSONAL),
        ("Mara-2026-Mara!", passwords.PERSONAL),
        ("Mara Field 2026", passwords.PERSONAL),
        ("Hands of Stone!", passwords.PERSONAL),
        ("aftercare-massage-2", passwords.PERSONAL),
        ("MassageTherapist1", passwords.PERSONAL),
        ("care.test.clinic", passwords.PERSONAL),
        ("Password1234!", passwords.KNOWN),
        ("qwertyuiop12", passwords.KNOWN),
        ("aaaaaaaaaaaaaaa", passwords.ORDERED),
        ("短い密码短い密码短い密码", passwords.ORDERED),
        ("            ", passwords.ORDERED),
    ],
)
def test_weak_passwords_are_refused_and_the_reason_said(context: Context, weak: str, fault: str) -> None:
    with context.db.begin() as tx, pytest.raises(Unfit, match=re.escape(fault)):
        accounts.add(tx, context, EMAIL, "Mara Field", [Role.manager], weak, NOW)


@pytest.mark.parametrize(
    "good",
    [
        "correct horse battery staple",
        "a horse for Mara to ride",
        "حصان بطارية صحيح دباسة",
        "yTq_3kd-2ZpQm11a",
        "seven brown kettles hum beside a quiet canal while rain falls on Thursday",
    ],
)
def test_long_and_rare_passwords_are_taken_in_any_script(good: str) -> None:
    assert passwords.fault(good, "Mara Field", EMAIL, "Hands of Stone") == ""


@given(st.text(max_size=250), st.text(max_size=30), st.text(max_size=30))
@settings(deadline=None, max_examples=50)
def test_every_password_gets_an_answer_in_time(password: str, name: str, clinic: str) -> None:
    assert passwords.fault(password, name, EMAIL, clinic) in ("", *passwords.FAULTS)


def test_two_accounts_cannot_share_an_address_or_a_name(context: Context) -> None:
    account(context)
    for email, name in ((EMAIL.upper(), "Somebody Else"), ("other@example.org", "MARA field")):
        with context.db.begin() as tx, pytest.raises(Unfit):
            accounts.add(tx, context, email, name, [Role.manager], PASSWORD, NOW)


def test_an_unknown_address_costs_as_much_work_as_a_wrong_password() -> None:
    assert not PasswordHasher().check_needs_rehash(DECOY)


def test_every_way_in_and_out_is_in_the_log(context: Context) -> None:
    account(context)
    entry = enter(context)
    sign_in.log_in(context, EMAIL, "a wrong password", ADDRESS, NOW, require_totp=False)
    with context.db.begin() as tx:
        known = sessions.current(tx, context, entry.token, NOW)
        assert known is not None
        sessions.log_out(tx, known[1], known[0], NOW)
    with context.db.read() as tx:
        acts = [line.action for line in audit.log(tx)]
    assert acts == ["logout", "login_failed", "login", "staff_added"]


def test_no_password_ends_by_the_calendar(context: Context) -> None:
    account(context)
    for years in (1, 5):
        later = NOW + timedelta(days=365 * years)
        assert isinstance(sign_in.log_in(context, EMAIL, PASSWORD, ADDRESS, later, require_totp=False), Entry)


def test_a_wrong_old_password_is_in_the_log(context: Context) -> None:
    account(context)
    with context.db.read() as tx:
        who = stored_staff.by_email(tx, EMAIL)
    assert who is not None
    new = "nine loud brown stones"
    assert sign_in.change_password(context, who, "a wrong password", new, NOW) is Refused.wrong
    with context.db.read() as tx:
        assert audit.log(tx)[0].action == "password_wrong"


def test_a_reset_takes_password_second_factor_and_sessions_away(context: Context) -> None:
    number = account(context)
    enrolled(context)
    with context.db.begin() as tx:
        accounts.reset(tx, context, number, "nine loud brown stones", "command line", NOW)
        assert stored_staff.codes_left(tx, number) == 0
    old = sign_in.log_in(context, EMAIL, PASSWORD, ADDRESS, NOW, require_totp=False)
    assert old is Refused.wrong
    new = sign_in.log_in(context, EMAIL, "nine loud brown stones", ADDRESS, NOW, require_totp=False)
    assert isinstance(new, Entry)
    assert new.stage is Stage.full


def test_an_account_under_a_lost_key_lets_nobody_in_and_can_be_reset(context: Context) -> None:
    number = account(context)
    secret, _codes = enrolled(context)
    halfway, later = enter(context), NOW + timedelta(minutes=5)
    context.db.vault = Vault([Fernet.generate_key().decode()])
    assert sign_in.log_in(context, EMAIL, PASSWORD, ADDRESS, NOW, require_totp=False) is Refused.wrong
    code = pyotp.TOTP(secret).at(later)
    assert second_factor.confirm(context, halfway.token, code, later) is Refused.wrong
    with context.db.begin() as tx:
        accounts.reset(tx, context, number, PASSWORD, "command line", NOW)
    assert enter(context).stage is Stage.full


def demote(tx: Tx, whom: Staff, by: Staff) -> None:
    roles = [Role.practitioner]
    words = {"name": whom.name, "credential": "", "language": "en"}
    accounts.edit(tx, whom.id, roles=roles, by=by, now=NOW, **words)


def deactivate(tx: Tx, whom: Staff, by: Staff) -> None:
    accounts.set_active(tx, whom.id, by, NOW, active=False)


@pytest.mark.parametrize("first", [demote, deactivate])
@pytest.mark.parametrize("second", [demote, deactivate])
def test_of_two_managers_who_end_each_other_at_once_the_first_stays(
    context: Context, first: Callable[..., None], second: Callable[..., None]
) -> None:
    ids = account(context), account(context, "jo@handsofstone.example", "Jo Hale")
    with context.db.read() as tx:
        mara, jo = (stored_staff.get(tx, each) for each in ids)

    def late() -> None:
        with context.db.begin() as tx:
            second(tx, mara, jo)

    with ThreadPoolExecutor(1) as pool:
        with context.db.begin() as tx:
            first(tx, jo, mara)
            other = pool.submit(late)
            wait([other], timeout=0.5)
        with pytest.raises(Unfit, match="no manager any more"):
            other.result()
    with context.db.read() as tx:
        managers = [each for each in stored_staff.every(tx) if each.active and each.may(Role.manager)]
    assert [each.name for each in managers] == ["Mara Field"]
