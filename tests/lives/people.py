"""The people of a life: each with a word and a pain of their own, so that what is mixed up can be seen."""

from dataclasses import dataclass, field

from schemas.booking import Person
from schemas.forms.condition import Answer

GIVEN = ("Anouk", "Bartek", "Chiara", "Dmitri", "Elodie", "Farouk")
FAMILIES = ("Quixley", "Vandermoor", "Zubrowska", "Yllescas", "Wrightsman", "Uzelac")
WORDS = ("plumbago", "kestrels", "dovetail", "harmonia", "tamarisk", "bergamot")
SPELLINGS = (
    "{given} {family}",
    "{family}, {given}",
    "Ms {given} {family}",
    "{given} M. {family}",
    "{given} {family} (VIP)",
    "{given_upper} {family_upper}",
    "{given} {slip}",
)


@dataclass
class Human:
    """Somebody who comes to visits. `word` and `pain` stand in every form that they fill in.

    `typed`: the address that they write into their next form.
    """

    number: int
    family: str
    email: str
    phone: str = ""
    addresses: set[str] = field(default_factory=set)
    spellings: set[str] = field(default_factory=set)
    gone: bool = False
    typed: str = ""

    def __post_init__(self) -> None:
        self.addresses.add(self.email)

    @property
    def given(self) -> str:
        """The given name, which nobody else in a life has."""
        return GIVEN[self.number]

    @property
    def word(self) -> str:
        """What they write into a box for free text."""
        return WORDS[self.number]

    @property
    def pain(self) -> str:
        """How much it hurts, a number that is nobody else's."""
        return str(self.number + 1)

    def said(self, spelling: int = 0, email: str = "") -> Person:
        """As somebody writes them down at the scheduler."""
        names = {"given": self.given, "family": self.family, "slip": self.family[:-2] + self.family[:-3:-1]}
        upper = {"given_upper": self.given.upper(), "family_upper": self.family.upper()}
        name = SPELLINGS[spelling % len(SPELLINGS)].format(**names, **upper)
        self.spellings.add(name)
        return Person(name, email or self.email, self.phone)

    def reached_again(self, email: str) -> None:
        """They have another address from now on."""
        self.email = email
        self.addresses.add(email)

    def answers(self, questionnaire: str) -> dict[str, Answer]:
        """What they tap and write."""
        pains: dict[str, Answer] = {"pain_now": self.pain, "pain_avg7": self.pain}
        if questionnaire == "returning":
            return pains
        said = dict.fromkeys(("act1_name", "goal_text", "emergency_contact_name"), self.word)
        return pains | said | ({"email": self.typed} if self.typed else {})
