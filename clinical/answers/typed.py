"""Reads what clients type for danger: inflections, common slips of the finger, two languages at once.

A pattern fires where one phrase of each of its groups stands near the others in one sentence, unless the
sentence denies it, tells of long ago or of somebody else. Words that fill ("the", "my", "really") may stand
between. In doubt it fires: a person looks.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise, product

from rapidfuzz.distance import OSA

from schemas.forms.typed import Danger, Harmless, Phrase, Tone, TypedRules

NEAR = 16  # words that may lie between the first and the last word of a match
REACH = 8  # words over which a "no" reaches, without a pause
MOST_CALM = 1  # calm words that a text may have and still sound odd and new
LONG, LONGER = 5, 10  # letters from which a word may have one slip, and two
SENTENCE = re.compile(r"[!;]+|\.+(?![0-9])")  # "38.5" is one number
PAUSE = re.compile(r"[,?()\n\u2013\u2014]|\s-+\s")
TOKEN = re.compile(rf"{PAUSE.pattern}|[a-z0-9]+")
UNITS = re.compile(r"(?<=[0-9])(?=(?:lb|kg|kilo|pound|st|day|wk|week|month|yr|year)s?\b)")
LATEST_PAST_YEAR = 2024
CLITICS = frozenset({"me", "se", "le", "te", "lo", "la"})  # after a Spanish "no": it denies a verb
NOR = frozenset({"ni", "nor"})  # after words that were found these join more: "I cannot poop nor pee"
OR = frozenset({"or", "nor", "o", "u", "ni"})  # the last of a list that a "no" denies
AND = frozenset({"and", "y", "e"})  # "my foot does not lift and slaps": the verb after it is not denied
NUMBER, ENDING = "#", "*"
NUMBERS = frozenset({"one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"})
SINCE = frozenset({"since", "desde"})  # right before a year: it has gone on from then
BUT = frozenset({"but", "though", "pero", "aunque"})
TO_BE = frozenset({"was", "is", "had", "has", "fue", "era", "es", "tuvo", "tiene"})
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Found:
    """A danger and the words that said so."""

    danger: Danger
    words: str


def plain(text: str) -> str:
    """Return text in lower case, without accents, hidden characters and apostrophes."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    visible = "".join(char for char in parts if unicodedata.category(char) not in ("Mn", "Cf"))
    return re.sub(r"['’`´ʼ]", "", visible)


def sentences(text: str) -> list[list[str]]:
    """Return the words of each sentence."""
    return [words for words, _pauses in _sentences(text)]


def _sentences(text: str) -> list[tuple[list[str], frozenset[int]]]:
    """Return the words of each sentence, and before which of them it pauses: a comma, a dash, a new line."""
    apart = UNITS.sub(" ", plain(text))  # "15lb" is two words
    split = (_words(part) for part in SENTENCE.split(apart))
    return [(words, pauses) for words, pauses in split if words]


def _words(part: str) -> tuple[list[str], frozenset[int]]:
    words: list[str] = []
    pauses: set[int] = set()
    for token in TOKEN.findall(part):
        if PAUSE.fullmatch(token):
            pauses.add(len(words))
        else:
            words.append(token)
    return words, frozenset(pauses)


def says_nothing(text: str, rules: TypedRules) -> bool:
    """Tell whether a comment is only "no", "none", "n/a", "nada" or the like."""
    known = rules.harmless.nothing if rules.harmless else frozenset()
    return all(word in known for words in sentences(text) for word in words)


def search(text: str, rules: TypedRules) -> Iterator[Found]:
    """Yield every danger that a text names, each once, in the order of the rules."""
    if rules.harmless is None or not text:
        return
    index = _index(rules)
    said = [_Sentence(words, pauses, index, rules.harmless) for words, pauses in _sentences(text)]
    for one, after in pairwise(said):
        one.after = after
    found = False
    for danger in rules.dangers:
        hit = next((hit for one in said if (hit := one.names(danger, rules.tone))), "")
        if hit:
            found = True
            yield Found(danger, hit)
    if not found and rules.tone is not None:
        yield from _unclear(said, rules.tone, [danger for danger in rules.dangers if danger.tone])


def _unclear(said: Sequence["_Sentence"], tone: Tone, dangers: Sequence[Danger]) -> Iterator[Found]:
    """Yield what is odd and new with the body, or like something else, in a sentence that is not calm.

    Body and time may be named in the sentence before or after. Calm words elsewhere hide nothing.
    """
    for place, one in enumerate(said):
        near, calm = said[max(0, place - 1) : place + 2], len(one.said(tone.calm))
        if calm > MOST_CALM or not any(each.said(tone.body) for each in near):
            continue
        odd = tone.odd if any(each.said(tone.new) for each in near) else ()
        words = one.oddly((*odd, *(() if calm else tone.like)))
        if words:
            yield from (Found(danger, words) for danger in dangers if not one.said(danger.unless))
            return


def same(word: str, wanted: str) -> bool:
    """Tell whether a typed word is the wanted one, but for its ending (`*`) or a slip of the finger."""
    stem = wanted.rstrip("*")
    if is_exactly(word, wanted):
        return True
    if len(stem) < LONG + (stem != wanted) or word[:1] != stem[0]:
        return False
    slips = 2 if len(stem) >= LONGER else 1
    parts = {word[: len(stem) + more] for more in (-1, 0, 1)} if stem != wanted else {word}
    return any(OSA.distance(part, stem, score_cutoff=slips) <= slips for part in parts)


def is_exactly(word: str, wanted: str) -> bool:
    """Tell whether a typed word is the wanted one, but for its ending (`*`), or a number (`#`)."""
    if wanted == NUMBER:
        return word.isdigit() or word in NUMBERS
    return word == wanted or (wanted.endswith("*") and word.startswith(wanted.rstrip("*")))


_Group = dict[str, list[Phrase]]
"""The phrases of one group of a pattern, by their first word."""


class _Index:
    """Every word that a pattern looks for, and which of them a typed word may be.

    `begun`: which of the patterns have a first group that begins with a word; few words begin any. Groups
    that are written alike are one object, so that a sentence looks for each only once.
    """

    def __init__(self, rules: TypedRules, harmless: Harmless) -> None:
        self.known = harmless.words
        known: dict[tuple[Phrase, ...], _Group] = {}
        every = [(danger.id, pattern) for danger in rules.dangers for pattern in danger.patterns]
        self.patterns = [
            (danger, [known.setdefault(group, _by_first(group)) for group in pattern.groups])
            for danger, pattern in every
        ]
        self.begun: dict[str, set[int]] = {}
        for number, (_danger, groups) in enumerate(self.patterns):
            for word in groups[0]:
                self.begun.setdefault(word, set()).add(number)
        self.by_letter: dict[str, list[str]] = {}
        phrases = (phrase for group in known for phrase in group)
        for wanted in sorted({word for phrase in phrases for word in phrase}):
            self.by_letter.setdefault(wanted[0], []).append(wanted)
        self.meanings = lru_cache(maxsize=4096)(self._meanings)

    def _meanings(self, word: str) -> frozenset[str]:
        means = is_exactly if word in self.known else same
        return frozenset(wanted for wanted in self.by_letter.get(word[0], ()) if means(word, wanted))


def _by_first(group: Sequence[Phrase]) -> _Group:
    found: _Group = {}
    for phrase in group:
        found.setdefault(phrase[0], []).append(phrase)
    return found


@lru_cache(maxsize=8)
def _index(rules: TypedRules) -> _Index:
    assert rules.harmless is not None
    return _Index(rules, rules.harmless)


class _Sentence:
    """One sentence, and what in it makes a danger harmless."""

    def __init__(self, words: list[str], pauses: frozenset[int], index: _Index, harmless: Harmless) -> None:
        self.words, self.pauses, self.harmless = words, pauses, harmless
        self.after: _Sentence | None = None
        self.meanings = [index.meanings(word) for word in words]
        self.at: dict[str, list[int]] = {}
        for place, word in enumerate(words):
            self.at.setdefault(word, []).append(place)
        self.places: dict[str, list[int]] = {}
        for place, meanings in enumerate(self.meanings):
            for wanted in meanings:
                self.places.setdefault(wanted, []).append(place)
        self.found: dict[int, list[Span]] = {}
        self.patterns: dict[str, list[list[_Group]]] = {}
        for number in sorted({one for wanted in self.places for one in index.begun.get(wanted, ())}):
            danger, groups = index.patterns[number]
            self.patterns.setdefault(danger, []).append(groups)

    @cached_property
    def present(self) -> bool:
        """Whether it speaks of now, and not in words that say that it is over."""
        over = (*self.harmless.past, *self.harmless.over)
        past = {place for span in self.said(over) for place in range(*span)}
        return any(start not in past for start, _end in self.said(self.harmless.present))

    @cached_property
    def mistaken(self) -> set[int]:
        """The places of words that look like a "no" and are none."""
        return {place for span in self.said(self.harmless.not_no) for place in range(*span)}

    def names(self, danger: Danger, tone: Tone | None) -> str:
        """Return the words that name a danger, or ""."""
        for pattern in self.patterns.get(danger.id, ()):
            for hit in self.hits(pattern):
                if not self.excused(hit, danger):
                    start, end = min(hit)[0], max(span[1] for span in hit)
                    harmless = self.said(danger.unless) or (danger.eased and self.is_calm(tone))
                    return "" if harmless else " ".join(self.words[start:end])
        return ""

    def is_calm(self, tone: Tone | None) -> bool:
        """Tell whether it has something calm, and nothing odd or new."""
        if tone is None or not self.said(tone.calm):
            return False
        return not self.undenied(tone.odd) and not self.said(tone.new)

    def oddly(self, odd: Sequence[Phrase]) -> str:
        """Return the first words for what is odd that are not denied, or long ago; or ""."""
        spans = () if self.long_ago() or self.is_over() or self.is_cleared else self.undenied(odd)
        return next((" ".join(self.words[start:end]) for start, end in spans), "")

    def undenied(self, phrases: Sequence[Phrase]) -> list[Span]:
        """Return where any of the phrases stands and no "no" reaches it."""
        return [span for span in self.said(phrases) if not self.denied(*span, set(range(*span)))]

    def hits(self, pattern: Sequence[_Group]) -> Iterator[tuple[Span, ...]]:
        """Yield the places at which one phrase of each group stands, near each other."""
        groups = []
        for group in pattern:
            groups.append(self.spans(group))
            if not groups[-1]:
                return
        for hit in product(*groups):
            near = max(span[1] for span in hit) - min(span[0] for span in hit) <= NEAR
            if near and all(one[1] <= other[0] for one, other in pairwise(sorted(hit))):
                yield hit

    def spans(self, group: _Group) -> list[Span]:
        """Return where any of the phrases of a group stands, slips of the finger and all."""
        if id(group) not in self.found:
            found = (
                (start, end)
                for wanted in group.keys() & self.places.keys()
                for phrase in group[wanted]
                for start in self.places[wanted]
                if (end := self.end_of(phrase, start, self.may_be))
            )
            self.found[id(group)] = sorted(set(found))
        return self.found[id(group)]

    def said(self, phrases: Sequence[Phrase]) -> list[Span]:
        """Return where any of the phrases stands as it is written."""
        found = (
            (start, self.end_of(one, start, self.is_word)) for one in phrases for start in self.begins(one[0])
        )
        return [(start, end) for start, end in found if end]

    def begins(self, wanted: str) -> Sequence[int]:
        """Return where a word stands as it is written."""
        if wanted in self.at or wanted[-1] not in (NUMBER, ENDING):
            return self.at.get(wanted, ())
        return [place for place, word in enumerate(self.words) if is_exactly(word, wanted)]

    def end_of(self, phrase: Phrase, start: int, fits: Callable[[int, str], bool]) -> int:
        """Return where a phrase that begins at `start` ends, or 0."""
        place = start
        for number, wanted in enumerate(phrase):
            while number and place < len(self.words) and self.fills(place) and not fits(place, wanted):
                place += 1
            if place >= len(self.words) or not fits(place, wanted):
                return 0
            place += 1
        return place

    def may_be(self, place: int, wanted: str) -> bool:
        return wanted in self.meanings[place]

    def is_word(self, place: int, wanted: str) -> bool:
        return is_exactly(self.words[place], wanted)

    def fills(self, place: int) -> bool:
        return self.words[place] in self.harmless.fillers or self.words[place].isdigit()

    def excused(self, hit: Sequence[Span], danger: Danger) -> bool:
        """Tell whether what was found is denied, long ago, only feared, or about somebody else."""
        start, end = min(hit)[0], max(span[1] for span in hit)
        own = {place for span in hit for place in range(*span)}
        return (
            self.denied(start, end, own)
            or any(0 <= start - fear[1] <= 2 for fear in self.said(self.harmless.fear))
            or (not danger.ever and self.long_ago())
            or (not danger.ever and not danger.passes and self.is_over())
            or (not danger.ever and (self.is_cleared or self.is_exaggerated))
            or (not danger.anyone and self.of_others(start, end, own))
        )

    def denied(self, start: int, end: int, own: set[int]) -> bool:
        """Tell whether a "no" reaches the words found: before or among them, or as the last word after."""
        joined = {place for place in range(min(own), end) if self.words[place] in NOR}
        mine = own | joined | self.mistaken
        places = [place for place in range(end) if place not in mine]
        if any(self.is_no(place, start) and self.carries(place, start, end) for place in places):
            return True
        after = self.words[end : end + 2]
        return len(after) == 1 and after[0] in self.harmless.no

    def is_no(self, place: int, start: int) -> bool:
        word, between = self.words[place], self.words[place + 1 : start]
        of_a_verb = word in self.harmless.not_verb or (word == "no" and between[:1] and between[0] in CLITICS)
        if word in self.harmless.no and not of_a_verb:
            return not self.harmless.yet.intersection(between)
        if not of_a_verb:
            return False
        nearest = [one for one in between if one not in self.harmless.fillers]
        if nearest and nearest[0] in self.harmless.have:
            return not self.harmless.yet.intersection(nearest[1:])
        return len(nearest) <= 1 and not (nearest and AND.intersection(between))

    def carries(self, place: int, start: int, end: int) -> bool:
        """Tell whether a "no" reaches over the pauses after it: only along a list of bare names.

        "No numbness, tingling or weakness" denies all three. "No, my chest hurts", "no allergies, chest pain
        when I walk" and "no pills, no allergies, chest pain" do not deny what comes last.
        """
        stops = sorted(pause for pause in self.pauses if place < pause <= start)
        if not stops:
            return start - place <= REACH
        if stops[0] == place + 1:
            return False
        last = min((pause for pause in self.pauses if pause >= end), default=len(self.words))
        listed = self.words[stops[0] : last]
        joined = len(stops) > 1 or last < len(self.words) or OR.intersection(self.words[place:last])
        again = (self.harmless.no - OR).intersection(listed)
        return bool(joined) and not again and not self.harmless.tells.intersection(listed)

    def long_ago(self) -> bool:
        return not self.present and (bool(self.said(self.harmless.past)) or self.is_dated())

    def is_over(self) -> bool:
        open_still = self.present or BUT.intersection(self.words)
        return not open_still and bool(self.said(self.harmless.over))

    @cached_property
    def is_cleared(self) -> bool:
        """Tell whether somebody looked, found nothing and it is over, here or in the sentence after."""
        both = [self, *([self.after] if self.after else [])]
        known = (self.harmless.checked, self.harmless.clear, (*self.harmless.done, *self.harmless.over))
        return all(any(one.said(each) for one in both) for each in known) and not any(
            one.goes_on() for one in both
        )

    def goes_on(self) -> bool:
        """Tell whether it speaks of now, outside the words that say that it is over."""
        over = (*self.harmless.clear, *self.harmless.done, *self.harmless.over)
        past = {place for span in self.said(over) for place in range(*span)}
        rest = {word for place, word in enumerate(self.words) if place not in past}
        return self.present or bool((BUT | self.harmless.going) & rest)

    @cached_property
    def is_exaggerated(self) -> bool:
        """Tell whether it only nearly was, from a fright or a laugh: "nearly fainted when I saw the bill"."""
        return bool(self.said(self.harmless.nearly) and self.said(self.harmless.startled))

    def is_dated(self) -> bool:
        """Tell whether a year long past is named, and not as the start of what still is."""
        years = (place for place, word in enumerate(self.words) if len(word) == 4 and word.isdigit())
        old = (place for place in years if 1900 < int(self.words[place]) <= LATEST_PAST_YEAR)
        return any(not SINCE.intersection(self.words[max(0, place - 2) : place]) for place in old)

    def of_others(self, start: int, end: int, own: set[int]) -> bool:
        """Tell whether the nearest person before the words found is somebody else, or the family has it."""
        if self.said(self.harmless.family) or self.was_theirs(end):
            return True
        for place in range(start - 1, -1, -1):
            if place in own:
                continue
            if self.words[place] in self.harmless.people and not self.reports(place + 1):
                return True
            if self.words[place] in self.harmless.me and not self.speaks_of(place + 1):
                return False
        return False

    def was_theirs(self, end: int) -> bool:
        """Tell whether it says right after whose it was: "the heart attack was my husband's"."""
        after = self.words[end : end + 4]
        return bool(TO_BE.intersection(after[:1]) and self.harmless.people.intersection(after))

    def reports(self, place: int) -> bool:
        """Tell whether a person says or sees it, who does not have it: "my daughter says"."""
        return bool(self.harmless.reports.intersection(self.words[place : place + 1]))

    def speaks_of(self, place: int) -> bool:
        """Tell whether "my" is followed by a person: "my old mother"."""
        return any(word in self.harmless.people for word in self.words[place : place + 2])
