"""How the drawn person looks. A look is picked by a hash, so it never says anything about the client."""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256


class Hair(StrEnum):
    """The hair that can be drawn."""

    SHORT = "short"
    BOB = "bob"
    BUN = "bun"
    CURLY = "curly"
    RECEDING = "receding"
    SCARF = "scarf"


@dataclass(frozen=True, slots=True)
class Look:
    """Colours are #rrggbb; `build` scales the width of the body (1 is medium)."""

    name: str
    skin: str
    hair: str
    hair_style: Hair
    shirt: str
    bottoms: str
    shoe: str
    build: float = 1.0
    long_legs: bool = False
    long_sleeves: bool = False
    glasses: bool = False
    beard: bool = False


LOOKS: tuple[Look, ...] = (
    Look("ana", "#c68863", "#3a2a26", Hair.SHORT, "#1f8a8a", "#27364a", "#27364a"),
    Look("bea", "#8d5a3b", "#241c1a", Hair.BUN, "#7b5ea7", "#2d3142", "#2d3142", 0.9, long_legs=True),
    Look("carl", "#efc3a1", "#b9bec4", Hair.RECEDING, "#3f6fb0", "#4a4f5c", "#32363f", 1.12, glasses=True),
    Look("dina", "#5f3b27", "#1d1715", Hair.CURLY, "#c2557a", "#2b3a55", "#2b3a55", 1.26),
    Look("elif", "#e0ac84", "#4d5f8a", Hair.SCARF, "#5b7fb5", "#3a3f52", "#3a3f52", 1.0, True, True),
    Look("fay", "#f3cdb0", "#d3d5d8", Hair.BOB, "#2f8f6b", "#4b4a63", "#4b4a63", 1.05, True, glasses=True),
    Look("gus", "#a9714b", "#2b211d", Hair.SHORT, "#46618f", "#30343c", "#30343c", 1.32, beard=True),
    Look("hana", "#f0c7a4", "#2a2322", Hair.BOB, "#b5566b", "#33415c", "#33415c", 0.88),
    Look("ivo", "#6f4630", "#a9a9ab", Hair.SHORT, "#4f8a5b", "#3b4252", "#2e3440", 1.04, True, beard=True),
    Look("june", "#d9a07a", "#7a4a2b", Hair.BUN, "#287a9c", "#3d3a50", "#3d3a50", 1.24, long_legs=True),
)


SPREAD = "figure 660 "  # with this start the hash gives each look five to seven of our exercises


def look_for(key: str) -> Look:
    """The look for a key such as an exercise id (never a thing that the client told); the same each time."""
    return LOOKS[int.from_bytes(sha256((SPREAD + key).encode()).digest()[:4]) % len(LOOKS)]


def darken(color: str, share: float) -> str:
    """A #rrggbb colour mixed with black."""
    channels = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{int(channel * (1 - share)):02x}" for channel in channels)


def mix(color: str, other: str, share: float) -> str:
    """Two #rrggbb colours, `share` of the second."""
    rows = ((int(color[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in rows)
