"""Is it the same person? One pure function over what a scheduler said before and says now (docs/people.md).

Names are compared as folded words: without marks, case, titles, suffixes, notes in brackets and telephone
numbers; a comma turns the order, and an initial fits each name that begins with it.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import product

from rapidfuzz.distance import OSA

from schemas.booking import Person
from schemas.identity import Change, Match, NameRules, Verdict

BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}|<[^<>]*>")
NUMBER = re.compile(r"\+?\d[\d\s().\-/]{4,}\d")
TEMPLATE = re.compile(r"%\w+%|\{\{?\s*\w+\s*\}?\}")  # a name that an automation left unfilled
HONOUR = re.compile(
    r"(?<=\w)\s?(?:님|씨|様|さま|さん|氏|先生|女士|小姐)\s*$"
)  # written onto the end of a name
SEVERAL = re.compile(r"\w\s*[&+/]\s*\w")  # Ann & Ben Lee
MARKED = ("LATIN", "GREEK", "CYRILLIC", "ARABIC", "HEBREW")  # elsewhere a mark is a part of the letter
FAMILY_FIRST = ("CJK", "HANGUL", "HIRAGANA", "KATAKANA")
SHORTENED = {  # with the sign that marks them: without it they are names (Jun Tanaka, Yo-Yo Ma)
    re.compile(r"\bsen\."): "senior",
    re.compile(r"\bjun\."): "junior",
    re.compile(r"\bm\.?ª|\bma\."): "maria",
    re.compile(r"\bfco\."): "francisco",
}
COMMAS = str.maketrans("،，、", ",,,")
LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})
SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})  # without such keys
SHORT = 4  # letters: of names no longer than this, one exchanged letter makes another name (Tim, Tom)
LONG = 6  # letters: only in names as long as this are two slips one slip
ENDINGS = "aoyаоя"  # one of them more makes another name: Paul and Paula, Bill and Billy


class Names(StrEnum):
    """How two names relate."""

    unknown = "unknown"  # one of them is missing
    equal = "equal"
    part = "part"  # one leaves out what the other has: Zoe, Zoe Field
    slip = "slip"  # a letter or two, the rest equal
    given = "given"  # the given name is equal, the family name is another
    doubtful = "doubtful"  # a nickname, a man's and a woman's form, two scripts: it may be one person
    family = "family"  # the family name is equal, the given name another
    other = "other"


def folded(name: str, rules: NameRules) -> tuple[str, ...]:
    """The words of a name that tell people apart, given name first; () where there is none."""
    text = _bare(name)
    family, comma, given = text.partition(",")
    if _is_given(given, rules):
        return (*_kept(_words(given), rules), *_kept(_words(family), rules))
    return _kept(_words(family if comma and _kept(_words(family), rules) else text), rules)


def _is_given(after_comma: str, rules: NameRules) -> bool:
    """True for what follows a comma and is a name: no title, no suffix (King, Jr.; Lee, Dr)."""
    return not set(_words(after_comma)) <= {*rules.titles, *rules.suffixes}


def in_order(name: str, rules: NameRules) -> str:
    """The name as it is written, with the given name in front: Rosa Núñez for Núñez, Rosa."""
    family, _comma, given = name.translate(COMMAS).partition(",")
    return f"{given.strip()} {family.strip()}" if _is_given(given, rules) else name


def initials(name: str, rules: NameRules) -> str:
    """The first letters of given and family name: Z. F. for Field, Dr Zoe; "" where there is no name."""
    words = folded(name, rules)
    return " ".join(f"{word[0].upper()}." for word in (*words[:1], *words[1:][-1:]))


def _bare(name: str) -> str:
    """The name without what a template left unfilled, notes in brackets, numbers and honours at its end."""
    said = NUMBER.sub(" ", BRACKETS.sub(" ", TEMPLATE.sub(" ", name))).translate(COMMAS)
    return HONOUR.sub("", said)


def fuller(known: str, said: str, rules: NameRules) -> str:
    """Of two spellings of one person's name the one to keep, written as it came: the newer one of two alike.

    A spelling that says less never takes the place of one that says more: an initial, capitals alone, a note
    in brackets, a number, letters without their marks. A corrected or a changed name is the newer one.
    """
    how = related(known, said, rules)
    if how is Names.unknown:
        return said if said.strip() else known
    if how in (Names.part, Names.equal):
        return said if _worth(said, rules) >= _worth(known, rules) else known
    careless = how is not Names.given and _in_one_case(said) and not _in_one_case(known)
    return known if careless or _is_initial(folded(said, rules)[-1]) else said


def _in_one_case(name: str) -> bool:
    """True for capitals alone and small letters alone, of a writing that has both."""
    return name.upper() != name.lower() and name in (name.upper(), name.lower())


def spelling(name: str, rules: NameRules) -> str:
    """What two spellings of a name have in common that differ by nothing that tells people apart."""
    words, whose = sorted(folded(name, rules)), sorted(generations(name, rules))
    return " ".join([*words, *map(str, whose)])


def _worth(name: str, rules: NameRules) -> tuple[int | bool, ...]:
    """How good a spelling is, what weighs most first."""
    words = _spelt(name, rules)
    return (
        sum(len(word) for word in words if not _is_initial(word)),
        name.strip() == _bare(name).strip(),
        len(generations(name, rules)),
        not _in_one_case(name),
        sum(map(len, words)),
        _marks(name),
        "," not in name.translate(COMMAS),
    )


def _marks(name: str) -> int:
    """How many letters have a mark, or are a letter of their own: ë, ł."""
    return sum(not sign.isascii() for sign in unicodedata.normalize("NFC", name) if sign.isalpha())


def _is_initial(word: str) -> bool:
    return len(word) == 1 and _script([word]) not in FAMILY_FIRST


def first_name(name: str, rules: NameRules) -> str:
    """The given name as it is written, to ask by; the whole name where an initial or the family name leads.

    "" where there is none.
    """
    family, _comma, given = _bare(name).partition(",")
    turned = _is_given(given, rules)
    words = [word for word in (given if turned else f"{family} {given}").split() if _words(word)]
    called = [word for word in words if not set(_words(word)) <= rules.titles] or words
    first = "".join(_words(called[0])) if called else ""
    if len(first) == 1 or (first and not turned and _may_be_family(first, rules)):
        return " ".join(called)
    return called[0] if called else ""


def _may_be_family(word: str, rules: NameRules) -> bool:
    """True for a first word that may be the family name: its writing, or its language, puts that first."""
    listed = word in rules.family_first and word not in rules.nicknames  # Kim Lee is called Kim
    return listed or _script([word]) in FAMILY_FIRST


def _words(text: str) -> list[str]:
    whole = text.casefold()
    for short, written in SHORTENED.items():
        whole = short.sub(written, whole)
    plain = unicodedata.normalize("NFKD", whole).replace("’", "'").translate(LETTERS)
    return [word for each in "".join(_signs(plain)).split() if (word := each.strip("'-"))]


def _signs(text: str) -> Iterator[str]:
    """What stands in words, and blanks: letters, digits, and marks where they are a part of the letter."""
    script = ""
    for sign in text:
        if sign.isalnum():
            script = _script([sign])
            yield sign
        elif unicodedata.category(sign).startswith("M"):
            yield "" if script in MARKED else sign
        elif unicodedata.category(sign) != "Cf":
            yield sign if sign in "'-" else " "


def _kept(words: Sequence[str], rules: NameRules) -> tuple[str, ...]:
    """Without titles in front and suffixes at the end; a name that consists of them alone stays."""
    start, end = 0, len(words)
    while start < end and words[start] in rules.titles:
        start += 1
    while end - start > 1 and words[end - 1] in rules.suffixes:
        end -= 1
    return tuple(words[start:end] if start < end else words)


def related(before: str, now: str, rules: NameRules) -> Names:
    """How the name said now relates to the one said before."""
    how = _related(before, now, rules)
    one_person = how in (Names.equal, Names.part, Names.slip, Names.given)
    return Names.doubtful if one_person and _told_apart(before, now, rules) else how


def _related(before: str, now: str, rules: NameRules) -> Names:
    pairs = list(product(_ways(before, rules), _ways(now, rules)))
    if not all(pairs[0]):
        return Names.unknown
    if any(_is_equal(one, other) for one, other in pairs):
        return Names.equal
    if any(_fits(one, other) for one, other in pairs):
        return Names.doubtful if _ends_otherwise(*pairs[0], rules) else Names.part
    if sorted(pairs[0][0]) == sorted(pairs[0][1]):
        return Names.doubtful
    alike = max(pairs, key=lambda pair: len(set(pair[0]) & set(pair[1])))
    return _differing(*alike, rules)


def _ways(name: str, rules: NameRules) -> list[tuple[str, ...]]:
    """The ways to write a folded name: each word without its marks, and with ü as ue."""
    plain, spelt = folded(name, rules), _spelt(name, rules)
    if len(plain) != len(spelt):
        return [plain, spelt]
    return list(product(*(dict.fromkeys(pair) for pair in zip(plain, spelt, strict=True))))


def _is_equal(one: Sequence[str], other: Sequence[str]) -> bool:
    if _script(one) in FAMILY_FIRST:  # often written without a blank
        ways = ({_joined(each) for each in _turns(name)} for name in (one, other))
        return not set.isdisjoint(*ways)
    return _joined(one) == _joined(other) or (len(one) == len(other) and _fits(one, other))


def _ends_otherwise(one: Sequence[str], other: Sequence[str], rules: NameRules) -> bool:
    """True where the family name leads in both, and one has a given name more: Trần Minh, Trần Minh Anh."""
    leads = one[0] == other[0] and one[0] in rules.family_first and one[0] not in rules.nicknames
    return leads and one[-1] != other[-1] and min(len(one), len(other)) > 1


def _spelt(name: str, rules: NameRules) -> tuple[str, ...]:
    """Folded, with ü written as ue: Müller is Muller to one program and Mueller to another."""
    return folded(unicodedata.normalize("NFC", name.casefold()).translate(SPELT), rules)


def _told_apart(before: str, now: str, rules: NameRules) -> bool:
    """True where what stands beside the names says two people: Mr and Mrs Lee, Ann Lee and Ann & Ben Lee."""
    old, new = (set(_words(_bare(name))) for name in (before, now))
    for kinds in rules.told_apart:
        one, other = ({n for n, words in enumerate(kinds) if words & said} for said in (old, new))
        if one and other and not one & other:
            return True
    first, second = (generations(name, rules) for name in (before, now))
    if first and second and not first & second:
        return True
    return _several(before, rules) != _several(now, rules)


def generations(name: str, rules: NameRules) -> set[int]:
    """Which of a family a name says it is (Jr., Sr, III, Filho), by number in `rules.generations`.

    They stand at the end of the name, or of the family name before a comma. A word that may be a family
    name by itself (Neto) needs two more beside it.
    """
    parts = [words for part in _bare(name).split(",") if (words := _words(part))]
    enough = sum(map(len, parts)) > 2
    last = {_last(words, rules) for number, words in enumerate(parts) if number or len(words) > 1}
    likely = {word for word in last if enough or word in rules.suffixes}
    return {number for number, kinds in enumerate(rules.generations) if kinds & likely}


def _last(words: Sequence[str], rules: NameRules) -> str:
    """The last word that is no degree or credential."""
    known = frozenset().union(*rules.generations)
    kept = [word for word in words if word in known or word not in rules.suffixes]
    return kept[-1] if kept else ""


def _several(name: str, rules: NameRules) -> bool:
    """True for the names of two people in one."""
    return bool(SEVERAL.search(_bare(name)) or set(_words(_bare(name))[1:-1]) & rules.joining)


def _joined(words: Iterable[str]) -> str:
    """Van der Berg and Vanderberg, O'Neill and O Neill, Anne-Marie and Anne Marie are equal."""
    return re.sub(r"['\-]", "", "".join(words))


def _fits(one: Sequence[str], other: Sequence[str]) -> bool:
    """True when each word of the shorter name has its own in the longer one; an initial fits its name.

    Words may be left out, and the order may be turned, but not mixed: María José is not José María.
    """
    shorter, longer = sorted((list(one), list(other)), key=len)
    if any(all(len(word) == 1 for word in name) for name in (one, other)):
        return False  # initials alone name nobody
    return any(_follows(shorter, each) for each in _turns(longer))


def _turns(words: Sequence[str]) -> list[list[str]]:
    """A name as it is written, with any of its words in front, and from the back."""
    every = list(words)
    return [*(every[n:] + every[:n] for n in range(len(every))), every[::-1]]


def _follows(shorter: Sequence[str], longer: Sequence[str]) -> bool:
    rest = iter(longer)
    return all(any(_same_word(word, each) for each in rest) for word in shorter)


def _same_word(one: str, other: str) -> bool:
    initial = any(len(word) == 1 and word.isalpha() for word in (one, other))
    return one[0] == other[0] if initial else _joined([one]) == _joined([other])


def _differing(old: Sequence[str], new: Sequence[str], rules: NameRules) -> Names:
    if _script(old) != _script(new) or any(all(len(word) == 1 for word in name) for name in (old, new)):
        return Names.doubtful  # initials alone, or one name written in two scripts: nobody can tell
    if 1 in (len(old), len(new)):
        return _single(old[0], new[0], rules) if len(old) == len(new) else _given(old[0], new[0], rules)
    if _script(old) in FAMILY_FIRST:
        old, new = old[::-1], new[::-1]
    how = _ends(old, new, rules)
    same = how in (Names.slip, Names.given)
    return Names.doubtful if same and not _near_enough(old[1:-1], new[1:-1]) else how


def _single(old: str, new: str, rules: NameRules) -> Names:
    """Two names of one word each: two letters make another name of it (Sukarno, Suharto)."""
    how = _given(old, new, rules)
    return Names.doubtful if how is Names.slip and OSA.distance(old, new) > 1 else how


def _ends(old: Sequence[str], new: Sequence[str], rules: NameRules) -> Names:
    """What the first and the last words say."""
    if _same_word(old[-1], new[-1]):
        return _given(old[0], new[0], rules)
    if not _same_word(old[0], new[0]):
        crossed = {old[0], old[-1]} & set(new) or {new[0], new[-1]} & set(old)
        return Names.doubtful if crossed else Names.other
    if any(sign.isdigit() for sign in old[-1] + new[-1]):
        return Names.other  # Client 1 and Client 2
    if min(len(old[-1]), len(new[-1])) > 2 and _near(old[-1], new[-1]):
        return Names.slip
    return Names.doubtful if old[0] in rules.family_first else Names.given


def _near_enough(old: Sequence[str], new: Sequence[str]) -> bool:
    """True unless the words in the middle say two people: Ann Marie and Ann Sophie, Văn and Thị."""
    one, other = _joined(old), _joined(new)
    return not one or not other or one == other or (min(len(one), len(other)) > SHORT and _near(one, other))


def _script(words: Sequence[str]) -> str:
    """LATIN, CYRILLIC, ARABIC, CJK ...: the writing of the first letter."""
    return unicodedata.name(words[0][0], "?").partition(" ")[0]


def _given(old: str, new: str, rules: NameRules) -> Names:
    """What two given names say where nothing else differs."""
    near, short, long = _near(old, new), *sorted((old, new), key=len)
    if near and not _two_names(short, long):
        return Names.slip
    if near or long.startswith(short) or new in rules.nicknames.get(old, ()):
        return Names.doubtful
    return Names.family


def _near(one: str, other: str) -> bool:
    """True for what a slip of the finger makes of a word: one letter, or two in a long word."""
    return OSA.distance(one, other) <= (2 if min(len(one), len(other)) >= LONG else 1)


def _two_names(short: str, long: str) -> bool:
    """True where a letter makes another name: Tim and Tom, Paul and Paula, Amy and May, Leo and Leon."""
    if len(short) < len(long):
        ending = long[-1] in ENDINGS and long[:-1] == short
        return ending or (len(short) <= SHORT and _sound(short) != _sound(long))
    exchanged = len(short) < SHORT or sorted(short) != sorted(long)
    return exchanged and (len(short) <= SHORT or short[:-1] == long[:-1])


def _sound(name: str) -> str:
    """Without what is not heard: Jon and John, Ann and Anne, Ana and Anna."""
    return re.sub(r"(.)\1", r"\1", name.replace("h", "")).rstrip("e")


class Addresses(StrEnum):
    """How two e-mail addresses relate."""

    equal = "equal"
    near = "near"  # a letter or two
    other = "other"
    learned = "learned"
    lost = "lost"
    none = "none"


def _addresses(before: str, now: str) -> Addresses:
    old, new = before.strip().casefold(), now.strip().casefold()
    if not old or not new:
        return Addresses.learned if new else Addresses.lost if old else Addresses.none
    if old == new:
        return Addresses.equal
    return Addresses.near if OSA.distance(old, new) <= 2 else Addresses.other


def compare(
    before: Person, now: Person, rules: NameRules, *, same_booking: bool, taken: bool = False
) -> Match:
    """Whether a scheduler means the same person now.

    `same_booking`: both were said of one booking. `taken`: the address said now is another client's,
    under another name.
    """
    names, address = related(before.name, now.name, rules), _addresses(before.email, now.email)
    if names in (Names.family, Names.other):
        return Match(Verdict.another, Change.handed_over)
    if names is Names.doubtful:
        tied = same_booking or address is Addresses.equal  # a family shares a telephone
        return Match(Verdict.unsure, Change.nickname if tied else Change.too_little)
    if not same_booking and _one_generation(before.name, now.name, rules):
        return Match(Verdict.unsure, Change.nickname)
    if address is Addresses.equal:
        return Match(Verdict.same, _of_name(before, now, names))
    if address in (Addresses.near, Addresses.other) and taken:
        return Match(Verdict.unsure, Change.address_taken)
    tied = same_booking or _same_phone(before, now)
    if not tied or not _enough(names, address, before, now, same_booking=same_booking):
        return Match(Verdict.unsure, Change.too_little)
    return Match(Verdict.same, OF_ADDRESS.get(address) or _of_name(before, now, names))


def _one_generation(before: str, now: str, rules: NameRules) -> bool:
    """True where only one name says which of a family it is: a son may book at his father's address."""
    named = bool(before.strip()) and bool(now.strip())
    return named and bool(generations(before, rules)) != bool(generations(now, rules))


OF_ADDRESS = {
    Addresses.near: Change.address_corrected,
    Addresses.other: Change.address_corrected,
    Addresses.learned: Change.address_learned,
    Addresses.lost: Change.address_lost,
}


def _enough(names: Names, address: Addresses, before: Person, now: Person, *, same_booking: bool) -> bool:
    """True when the names say enough where the addresses do not agree."""
    if names is Names.equal or (address is Addresses.near and names is not Names.given):
        return True
    if names is Names.given:
        return same_booking and _same_phone(before, now)
    if names is Names.unknown and address is Addresses.other:
        return False
    return address is not Addresses.other or _same_phone(before, now)


def _of_name(before: Person, now: Person, names: Names) -> Change:
    if names is Names.unknown:
        return Change.name_learned if now.name.strip() and not before.name.strip() else Change.nothing
    if names is Names.given:
        return Change.name_changed
    return Change.nothing if before.name == now.name else Change.name_corrected


def _same_phone(before: Person, now: Person) -> bool:
    old, new = (re.sub(r"\D", "", each.phone)[-9:] for each in (before, now))
    return len(old) >= 7 and old == new
