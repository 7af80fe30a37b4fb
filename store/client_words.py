"""What a client is found by: each word of the name, the e-mail address, the ways to dial the phone number.

Beside them stands each whole spelling of which somebody said that it is this client's.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa

from schemas.notions import mail_address, phone
from store.base import Tx
from store.tables import bookings, client_words, clients

LONGEST = 100
ENDS = (4, 7)  # people read out the last digits of a number
_FORGET = sa.delete(client_words).where(client_words.c.client_id == sa.bindparam("client_id"))


# Letters with a stroke or hook, which Unicode takes for letters of their own.
_PLAIN = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ŧ": "t", "ŋ": "n", "ı": "i"}
    | {"æ": "ae", "œ": "oe"}
)


def folded(text: str) -> str:
    """Small letters without accents, so that "Łuc" and "luc" are one."""
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(_PLAIN)
    return "".join(char for char in plain if not unicodedata.combining(char))


# As people write them who have no such key, and the other way round.
_SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_UNSPELT = {"ae": "a", "oe": "o", "ue": "u", "aa": "a"}
SHORTEST_SPELT = 5
"""Letters of a word that may be spelt out: Joerg, not Joe."""
_ARTICLE = "ال"
_ENDS_ALIKE = str.maketrans("يىةه", "ىيهة")
"""Letters that many write for each other at the end of an Arabic word."""


def words(name: str, email: str, number: str, country: str) -> list[str]:
    """The words by which a client can be found, each once."""
    plain = folded(name)
    found = [*re.findall(r"\w+", plain), *_joined(plain), folded(_address(email))]
    for digits in phone.spellings(number, country):
        found += [digits, *(digits[-end:] for end in ENDS)] if len(digits) >= ENDS[-1] else []
    return sorted({word[:LONGEST] for word in found if word})


def _joined(plain: str) -> list[str]:
    """The words of a name without apostrophes and hyphens: "obrien", "annemarie"."""
    return [re.sub(r"\W", "", word) for word in plain.split()]


def _address(written: str) -> str:
    return mail_address.read(written.strip()) or written.strip()


def index(
    tx: Tx,
    client_id: int,
    name: str,
    email: str,
    number: str,
    country: str,
    was: sa.Row[tuple[object, ...]] | None = None,
) -> None:
    """Write the words of a client down, in place of the address and number that `was`.

    A number typed later stays, and so does each spelling of the name.
    """
    if was:
        gone = sa.delete(client_words).where(client_words.c.client_id == client_id)
        tx.run(gone.where(client_words.c.word.in_(words("", was.email, was.phone, country))))
    _add(tx, client_id, words(name, email, number, country))


def also(tx: Tx, client_id: int, number: str, country: str) -> None:
    """The client is found by this number too: it was typed into the form."""
    _add(tx, client_id, words("", "", number, country))


def spelt(tx: Tx, client_id: int, name: str) -> None:
    """The client is found by this spelling of the name too."""
    _add(tx, client_id, words(name, "", "", ""))


def accept(tx: Tx, client_id: int, spelling: str) -> None:
    """This spelling is certainly this client's, whatever it looks like."""
    _add(tx, client_id, [_whole(spelling)])


def refuse(tx: Tx, client_ids: Sequence[int], spelling: str) -> None:
    """This spelling is not certainly this client's any more."""
    mine = (client_words.c.client_id.in_(client_ids), client_words.c.word == _whole(spelling))
    tx.run(sa.delete(client_words).where(*mine))


def accepted(tx: Tx, client_ids: Sequence[int], spelling: str) -> bool:
    """True for a spelling of which it was said that it is this client's."""
    mine = having(_whole(spelling)).where(client_words.c.client_id.in_(client_ids))
    return tx.first(mine) is not None


def _whole(spelling: str) -> str:
    """A whole spelling, kept beside the words; no search begins so."""
    return f"={spelling}"[:LONGEST]


def _add(tx: Tx, client_id: int, found: Sequence[str]) -> None:
    tx.insert_missing(client_words, [{"client_id": client_id, "word": word} for word in found])


def forget(tx: Tx, client_id: int) -> None:
    """The client cannot be found any more."""
    tx.run(_FORGET, [{"client_id": client_id}])


def find(tx: Tx, text: str, country: str, limit: int = 50) -> list[sa.Row[tuple[object, ...]]]:
    """Clients for whom each word of `text` begins one of theirs, newest first."""
    for asked in _readings(text, country):
        found = _found(tx, asked, limit)
        if found:
            return found
    return []


def _found(tx: Tx, asked: Sequence[Sequence[str]], limit: int) -> list[sa.Row[tuple[object, ...]]]:
    query = sa.select(clients).where(clients.c.erased_at.is_(None)).limit(limit)
    for ways in asked:
        # The most telling word is looked up in its index; the others are checked for its few clients.
        hit = sa.select(client_words.c.client_id).where(sa.or_(*(begins(tx, word) for word in ways)))
        query = query.where(clients.c.id.in_(hit))
    return list(tx.all(query.order_by(clients.c.id.desc())))


def recent(
    tx: Tx, now: datetime, practitioner: str = "", limit: int = 50
) -> list[sa.Row[tuple[object, ...]]]:
    """Clients of the latest visits that have begun (with one practitioner), the latest first."""
    last = sa.select(bookings.c.client_id).where(bookings.c.start_at <= now, bookings.c.merged_into.is_(None))
    last = last.where(bookings.c.practitioner == practitioner) if practitioner else last
    rows = tx.all(last.order_by(bookings.c.start_at.desc()).limit(limit * 4))
    return some(tx, list(dict.fromkeys(row.client_id for row in rows))[:limit])


def some(tx: Tx, client_ids: Sequence[int]) -> list[sa.Row[tuple[object, ...]]]:
    """These clients, in this order; who was erased is left out."""
    rows = tx.all(sa.select(clients).where(clients.c.id.in_(client_ids), clients.c.erased_at.is_(None)))
    known = {row.id: row for row in rows}
    return [known[each] for each in client_ids if each in known]


def having(word: str) -> sa.Select[tuple[int]]:
    """The ids of clients who are found by exactly this word."""
    return sa.select(client_words.c.client_id).where(client_words.c.word == word)


def _readings(text: str, country: str) -> Iterator[list[list[str]]]:
    """What may be meant, the likeliest first: words, each in the ways in which it may be kept."""
    plain = folded(text.strip())
    if "@" in plain:
        yield [[folded(_address(text))[:LONGEST]]]
        return
    digits = re.sub(r"[\s()+./-]", "", phone.digits(plain))
    if digits.isdigit() and len(digits) >= ENDS[0]:
        yield [phone.spellings(plain, country)[:2]]
        return
    if re.fullmatch(r"\S+[.+_-]\S*", plain):  # an address that is not all typed yet
        yield [[plain[:LONGEST]]]
    found = re.findall(r"\w+", plain)
    telling = [word for word in found if not re.fullmatch("[a-z]", word)] or found[:1]
    if telling:
        spelt = dict(zip(found, re.findall(r"\w+", _spelt(text)), strict=False))
        yield [[each[:LONGEST] for each in _ways(word, spelt.get(word, word))] for word in telling][:4]


def _spelt(text: str) -> str:
    """As `folded`, with ü as ue."""
    return folded(unicodedata.normalize("NFC", text.strip().casefold()).translate(_SPELT))


def _ways(word: str, spelt: str) -> list[str]:
    """How a word of a name may be kept: "mueller" or "muller", "احمد" or "الاحمد".

    >>> _ways("muller", "mueller"), _ways("joe", "joe"), _ways("احمد", "احمد")
    (['muller', 'mueller'], ['joe'], ['احمد', 'الاحمد'])
    """
    ways = [word, spelt]
    if len(word) >= SHORTEST_SPELT:
        ways.append(re.sub("ae|oe|ue|aa", lambda found: _UNSPELT[found[0]], word))
    if "\u0620" <= word[0] <= "\u064a":
        bare = word.removeprefix(_ARTICLE)
        both = (f"{_ARTICLE}{bare}", bare) if bare else (word,)
        ways += [each for way in both for each in (way, way[:-1] + way[-1].translate(_ENDS_ALIKE))]
    return list(dict.fromkeys(ways))


def begins(tx: Tx, word: str) -> sa.ColumnElement[bool]:
    """True for words that begin so, in a way that each database can look up in its index."""
    if tx.conn.dialect.name == "postgresql":
        return client_words.c.word.like(re.sub(r"([%_\\])", r"\\\1", word) + "%", escape="\\")
    return sa.and_(client_words.c.word >= word, client_words.c.word < word + "\U0010ffff")
