"""Staff of the clinic: accounts, sessions (one login of one browser), recovery codes, tries to log in."""

import secrets
from base64 import b32encode
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from schemas.delivery import Channel
from schemas.notions import mail_address
from schemas.staff import AccountNews, Role, Staff, StaffMail, StaffNews, StaffSession, Stage
from store import sealing
from store.base import Tx
from store.tables import devices, login_tries, recovery_codes, staff, staff_mails, staff_sessions
from store.vault import SealBroken


def _factor(tx: Tx, table: sa.Table, row: sa.Row[Any]) -> str:
    """The secret of a second factor. One that does not open stays on, and no code fits it until a reset."""
    try:
        return sealing.unseal(tx, table.c.sealed_totp, row).decode() if row.sealed_totp else ""
    except SealBroken:
        return b32encode(secrets.token_bytes(20)).decode()


_ACCESS = ("email", "name", "credential", "roles", "password_hash", "invite_hash")


def _access(row: sa.Row[Any]) -> list[str | bool]:
    """What lets somebody in, and as what. Who can only write into the database cannot seal it."""
    own = (row.deactivated_at is None, bool(row.sealed_totp), row.password_until is None)
    return [*(getattr(row, name) for name in _ACCESS), *own]


def check_access(tx: Tx, row: sa.Row[Any]) -> None:
    """Raises SealBroken where this is not what we wrote."""
    sealing.check(tx, staff.c.sealed_access, row, _access(row))


def check_access_of(tx: Tx, staff_id: int) -> None:
    """As `check_access`, of the account with this id."""
    row = tx.first(sa.select(staff).where(staff.c.id == staff_id))
    if row is not None:
        check_access(tx, row)


def _is_sound(tx: Tx, row: sa.Row[Any] | None) -> bool:
    try:
        if row is not None:
            check_access(tx, row)
    except SealBroken:
        return False
    return row is not None


def _change(tx: Tx, staff_id: int, *more: sa.ColumnElement[bool], **values: Any) -> bool:
    """Change what lets somebody in; False where `more` does not hold.

    What somebody else has changed before is not made sound by it.
    """
    mine = (staff.c.id == staff_id, *more)
    sound = _is_sound(tx, tx.first(sa.select(staff).where(staff.c.id == staff_id).with_for_update()))
    row = tx.first(sa.update(staff).where(*mine).values(**values).returning(staff))
    if row is not None and sound:
        _seal(tx, row)
    return row is not None


def accept(tx: Tx, staff_id: int) -> None:
    """This account is right as it stands, whoever has changed it: somebody at the machine says so."""
    row = tx.first(sa.select(staff).where(staff.c.id == staff_id))
    if row is not None:
        _seal(tx, row)


def _seal(tx: Tx, row: sa.Row[Any]) -> None:
    sealed = sealing.seal(tx.vault, staff.c.sealed_access, _access(row), row._mapping)
    tx.run(sa.update(staff).where(staff.c.id == row.id).values(sealed_access=sealed))


def _staff(tx: Tx, row: sa.Row[Any]) -> Staff:
    sound = _is_sound(tx, row)
    names = ("id", "email", "name", "credential", "language", "password_hash", "totp_step", "password_until")
    return Staff(
        **{name: getattr(row, name) for name in names},
        roles=frozenset(Role(word) for word in row.roles.split()),
        totp=_factor(tx, staff, row),
        active=sound and row.deactivated_at is None,
        invited=row.password_hash == "",
        sound=sound,
    )


def add(
    tx: Tx,
    email: str,
    name: str,
    credential: str,
    roles: Sequence[Role],
    language: str,
    password_hash: str,
    now: datetime,
    password_until: datetime | None = None,
) -> int:
    """A new account; returns its id. The address must be new."""
    row: dict[str, Any] = {"email": _address(email), "name": name, "credential": credential}
    row |= {"roles": " ".join(sorted(set(roles))), "language": language, "password_hash": password_hash}
    row["password_until"] = password_until
    made = tx.all(sa.insert(staff).values(**row, created_at=now).returning(staff))[0]
    _seal(tx, made)
    return int(made.id)


def _address(written: str) -> str:
    """One form of an address: browsers turn the letters of a domain into ASCII, people do not."""
    return (mail_address.read(written.strip()) or written.strip()).casefold()


def by_email(tx: Tx, email: str) -> Staff | None:
    """The account with this address, however it is written."""
    row = tx.first(sa.select(staff).where(staff.c.email == _address(email)))
    return _staff(tx, row) if row else None


def get(tx: Tx, staff_id: int) -> Staff | None:
    """One account."""
    row = tx.first(sa.select(staff).where(staff.c.id == staff_id))
    return _staff(tx, row) if row else None


def every(tx: Tx) -> list[Staff]:
    """Every account, by name."""
    return [_staff(tx, row) for row in tx.all(sa.select(staff).order_by(staff.c.name, staff.c.id))]


def change(
    tx: Tx, staff_id: int, *, name: str, credential: str, roles: Sequence[Role], language: str
) -> None:
    """Who somebody is, what they may do, and the language they read."""
    row = {"name": name, "credential": credential, "language": language}
    _change(tx, staff_id, **row, roles=" ".join(sorted(set(roles))))


def invite(tx: Tx, staff_id: int, token_hash: str, until: datetime) -> None:
    """The link of an invitation; an earlier one opens nothing any more."""
    _change(tx, staff_id, invite_hash=token_hash, invite_until=until)


def invited(tx: Tx, token_hash: str, now: datetime) -> Staff | None:
    """Whose invitation a link is, while it is good."""
    mine = (staff.c.invite_hash == token_hash, staff.c.invite_until > now, staff.c.deactivated_at.is_(None))
    row = tx.first(sa.select(staff).where(*mine))
    found = _staff(tx, row) if row and token_hash else None
    return found if found and found.active else None


def spend_invite(tx: Tx, staff_id: int, token_hash: str, password_hash: str) -> bool:
    """The first password, by the link of an invitation; False where it was used a moment ago."""
    values = {"invite_hash": "", "invite_until": None, "password_hash": password_hash}
    return _change(tx, staff_id, staff.c.invite_hash == token_hash, **values)


def mail(tx: Tx, staff_id: int, kind: AccountNews, now: datetime) -> None:
    """The owner of an account is due a mail."""
    tx.run(sa.insert(staff_mails).values(staff_id=staff_id, kind=kind, created_at=now, due_at=now))


def was_mailed(tx: Tx, staff_id: int, kind: AccountNews, since: datetime) -> bool:
    """True when the owner of an account was due a mail of this kind since then."""
    mine = (staff_mails.c.staff_id == staff_id, staff_mails.c.kind == kind, staff_mails.c.created_at > since)
    return tx.first(sa.select(staff_mails.c.id).where(*mine).limit(1)) is not None


def claim_mails(tx: Tx, now: datetime, until: datetime, channels: Collection[Channel]) -> list[StaffMail]:
    """What is due by these channels; each is left to the caller until `until`."""
    due = (staff_mails.c.due_at <= now, staff_mails.c.channel.in_(channels))
    row = sa.update(staff_mails).where(*due).values(due_at=until)
    return sorted((_due(one) for one in tx.all(row.returning(staff_mails))), key=lambda one: one.id)


def _due(row: sa.Row[Any]) -> StaffMail:
    kind = StaffNews(row.kind) if row.kind in list(StaffNews) else AccountNews(row.kind)
    by_text = row.channel == "sms"
    return StaffMail(row.id, row.staff_id, kind, row.created_at, row.path, by_text, row.daily)


def tell(
    tx: Tx,
    staff_id: int,
    kind: StaffNews,
    path: str,
    now: datetime,
    *,
    by_text: bool = False,
    daily: bool = False,
) -> None:
    """Somebody is due a word about a client; when it leaves is decided then."""
    row = {"staff_id": staff_id, "kind": kind, "path": path, "channel": "sms" if by_text else "email"}
    tx.run(sa.insert(staff_mails).values(**row, daily=daily, created_at=now, due_at=now))


def was_told(tx: Tx, staff_id: int, kind: StaffNews, path: str) -> bool:
    """Whether somebody was due a word of this kind about this page before."""
    same = (staff_mails.c.staff_id == staff_id, staff_mails.c.kind == kind, staff_mails.c.path == path)
    return tx.first(sa.select(staff_mails.c.id).where(*same).limit(1)) is not None


def put_back(tx: Tx, mail_ids: Sequence[int], due_at: datetime) -> None:
    """Not now: at this time."""
    tx.run(sa.update(staff_mails).where(staff_mails.c.id.in_(mail_ids)).values(due_at=due_at))


def mailed(tx: Tx, mail_id: int) -> None:
    """It is out, or is never to go out."""
    tx.run(sa.update(staff_mails).where(staff_mails.c.id == mail_id).values(due_at=None))


def sessions(tx: Tx, staff_id: int) -> list[StaffSession]:
    """The sessions of an account that were not ended, the last used first."""
    alive = (staff_sessions.c.staff_id == staff_id, staff_sessions.c.ended_at.is_(None))
    rows = tx.all(sa.select(staff_sessions).where(*alive).order_by(staff_sessions.c.seen_at.desc()))
    return [
        StaffSession(one.id, one.staff_id, Stage(one.stage), "", one.created_at, one.seen_at) for one in rows
    ]


def set_password(tx: Tx, staff_id: int, password_hash: str, until: datetime | None = None) -> None:
    """Another password: their own, or one that was made for them and ends at `until`."""
    _change(tx, staff_id, password_hash=password_hash, password_until=until)


def set_language(tx: Tx, staff_id: int, language: str) -> None:
    """The language of the console for this person."""
    tx.run(sa.update(staff).where(staff.c.id == staff_id).values(language=language))


def set_totp(tx: Tx, staff_id: int, secret: str) -> None:
    """The secret of the second factor; "" takes it away."""
    mine = {"id": staff_id}
    sealed = sealing.seal(tx.vault, staff.c.sealed_totp, secret.encode(), mine) if secret else None
    _change(tx, staff_id, sealed_totp=sealed, totp_step=0)


def use_step(tx: Tx, staff_id: int, step: int) -> bool:
    """Spend a time step of the second factor; False when it or a later one was used before."""
    later = sa.update(staff).where(staff.c.id == staff_id, staff.c.totp_step < step)
    return tx.first(later.values(totp_step=step).returning(staff.c.id)) is not None


def set_active(tx: Tx, staff_id: int, now: datetime, *, active: bool) -> None:
    """Let somebody in, or out for good."""
    _change(tx, staff_id, deactivated_at=None if active else now)


def set_codes(tx: Tx, staff_id: int, hashes: Sequence[str]) -> None:
    """New recovery codes in place of all earlier ones."""
    tx.run(sa.delete(recovery_codes).where(recovery_codes.c.staff_id == staff_id))
    if hashes:
        rows = [{"staff_id": staff_id, "code_hash": each} for each in hashes]
        tx.run(sa.insert(recovery_codes), rows)


def code_hashes(tx: Tx, staff_id: int) -> set[str]:
    """The hashes of an account's recovery codes, used ones too."""
    rows = tx.all(sa.select(recovery_codes.c.code_hash).where(recovery_codes.c.staff_id == staff_id))
    return {row.code_hash for row in rows}


def use_code(tx: Tx, staff_id: int, code_hash: str, now: datetime) -> bool:
    """Spend a recovery code; False when there is no such unused one."""
    same = (recovery_codes.c.staff_id == staff_id, recovery_codes.c.code_hash == code_hash)
    row = sa.update(recovery_codes).where(*same, recovery_codes.c.used_at.is_(None)).values(used_at=now)
    return tx.first(row.returning(recovery_codes.c.id)) is not None


def codes_left(tx: Tx, staff_id: int) -> int:
    """How many recovery codes have not been used."""
    same = (recovery_codes.c.staff_id == staff_id, recovery_codes.c.used_at.is_(None))
    return int(tx.value(sa.select(sa.func.count()).select_from(recovery_codes).where(*same)))


def open_session(
    tx: Tx,
    token_hash: str,
    staff_id: int,
    stage: Stage,
    now: datetime,
    totp: str = "",
    began: datetime | None = None,
) -> None:
    """A browser is let in as far as `stage` says; `totp` is a secret that waits to be confirmed.

    `began`: since when it counts, where that was before now.
    """
    row: dict[str, Any] = {"token_hash": token_hash, "staff_id": staff_id, "stage": stage}
    sealed = sealing.seal(tx.vault, staff_sessions.c.sealed_totp, totp.encode(), row) if totp else None
    row["sealed_totp"] = sealed
    tx.run(sa.insert(staff_sessions).values(**row, created_at=began or now, seen_at=now))


def session(tx: Tx, token_hash: str) -> StaffSession | None:
    """The session of a cookie, unless it was ended."""
    alive = (staff_sessions.c.token_hash == token_hash, staff_sessions.c.ended_at.is_(None))
    row = tx.first(sa.select(staff_sessions).where(*alive))
    if row is None:
        return None
    return StaffSession(
        row.id, row.staff_id, Stage(row.stage), _factor(tx, staff_sessions, row), row.created_at, row.seen_at
    )


def sessions_since(tx: Tx, since: datetime) -> list[tuple[str, int]]:
    """(hash of the cookie, account) of whole sessions that began since then, ended ones too."""
    lately = (staff_sessions.c.created_at > since, staff_sessions.c.stage == Stage.full)
    rows = tx.all(sa.select(staff_sessions.c.token_hash, staff_sessions.c.staff_id).where(*lately))
    return [(row.token_hash, row.staff_id) for row in rows]


def touch(tx: Tx, session_id: int, now: datetime) -> None:
    """Somebody is at the keys."""
    tx.run(sa.update(staff_sessions).where(staff_sessions.c.id == session_id).values(seen_at=now))


def offer_totp(tx: Tx, session_id: int, secret: str) -> None:
    """Keep a second factor's secret with a session until its first code confirms it."""
    row = tx.first(sa.select(staff_sessions).where(staff_sessions.c.id == session_id))
    if row is not None:
        sealed = sealing.seal(tx.vault, staff_sessions.c.sealed_totp, secret.encode(), row._mapping)
        tx.change(staff_sessions, session_id, sealed_totp=sealed)


def end_session(tx: Tx, session_id: int, now: datetime) -> None:
    """End one session."""
    row = sa.update(staff_sessions).where(staff_sessions.c.id == session_id)
    tx.run(row.values(ended_at=now, sealed_totp=None))


def end_sessions(tx: Tx, staff_id: int, now: datetime) -> None:
    """End every session of an account; no device of it is known any more."""
    tx.run(sa.delete(devices).where(devices.c.staff_id == staff_id))
    alive = (staff_sessions.c.staff_id == staff_id, staff_sessions.c.ended_at.is_(None))
    tx.run(sa.update(staff_sessions).where(*alive).values(ended_at=now, sealed_totp=None))


def end_every_session(tx: Tx, now: datetime) -> int:
    """End every session of everybody, and know no device any more; returns how many ended."""
    tx.run(sa.delete(devices))
    row = sa.update(staff_sessions).where(staff_sessions.c.ended_at.is_(None))
    return len(tx.all(row.values(ended_at=now, sealed_totp=None).returning(staff_sessions.c.id)))


def tidy(tx: Tx, before: datetime) -> None:
    """Forget sessions and tries that are over."""
    tx.run(sa.delete(staff_sessions).where(staff_sessions.c.created_at < before))
    tx.run(sa.delete(devices).where(devices.c.created_at < before))
    tx.run(sa.delete(login_tries).where(login_tries.c.at < before))
    tx.run(sa.delete(staff_mails).where(staff_mails.c.created_at < before))


def note_try(tx: Tx, keys: Sequence[str], now: datetime) -> None:
    """Count a try before it is looked at, so that many at once count too."""
    tx.run(sa.insert(login_tries), [{"key": key, "at": now} for key in keys])


def tries(tx: Tx, key: str, since: datetime) -> int:
    """How many tries there were since then."""
    same = (login_tries.c.key == key, login_tries.c.at > since)
    return int(tx.value(sa.select(sa.func.count()).select_from(login_tries).where(*same)))


def take_back(tx: Tx, keys: Sequence[str], at: datetime) -> None:
    """The try of this moment was right: it does not count."""
    for key in keys:
        one = sa.select(sa.func.max(login_tries.c.id)).where(login_tries.c.key == key, login_tries.c.at == at)
        tx.run(sa.delete(login_tries).where(login_tries.c.id == one.scalar_subquery()))


def forgive(tx: Tx, keys: Sequence[str]) -> None:
    """It was the right person after all."""
    tx.run(sa.delete(login_tries).where(login_tries.c.key.in_(list(keys))))
