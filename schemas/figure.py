"""The pose data of one exercise figure: what content/figures/<exercise id>.toml says.

library/figure_file.py reads and checks it.

Lengths are figure units: the floor is y = 0, y grows upwards, an adult stands about 100 units tall.
Angles are absolute degrees: 0 right, 90 up, 180 left, -90 down. A side view faces right when the torso
points up. Limb ends in `_n` are near the viewer (or right on the page), those in `_f` far (or left).
"""

from dataclasses import dataclass
from enum import StrEnum

Point = tuple[float, float]


class FigureError(ValueError):
    """The pose data is wrong; the message names the exercise and the place in its file."""


class View(StrEnum):
    """From where the person is seen; HAND shows the hand that a prop draws, and no person."""

    SIDE = "side"
    FRONT = "front"
    BACK = "back"
    HAND = "hand"


class Face(StrEnum):
    """How the head is drawn; it may differ from the view of the body."""

    SIDE = "side"
    FRONT = "front"
    BACK = "back"


class PropKind(StrEnum):
    """The things that a person uses, and the few lines that help to read a move."""

    BAG = "bag"
    BALL = "ball"
    BAND = "band"
    BELT = "belt"
    BLADES = "blades"
    BOTTLE = "bottle"
    BREATH = "breath"
    CHAIR = "chair"
    CHAIR_FRONT = "chair_front"
    COUNTER = "counter"
    COUNTER_WIDE = "counter_wide"
    DASH = "dash"
    DESK = "desk"
    DOORWAY = "doorway"
    FLOOR = "floor"
    GROUND = "ground"
    HAND = "hand"
    MAT = "mat"
    MAT_ABOVE = "mat_above"
    PACES = "paces"
    PAD = "pad"
    PILLOW = "pillow"
    PIN = "pin"
    POST = "post"
    RAIL = "rail"
    ROLL = "roll"
    ROLLER = "roller"
    SHELF = "shelf"
    SPEED = "speed"
    STEP = "step"
    STOOL = "stool"
    TABLE = "table"
    TOWEL = "towel"
    WALL = "wall"
    WALL_WIDE = "wall_wide"


@dataclass(frozen=True, slots=True)
class Spot:
    """A fixed point, or a joint with an offset (`["kn_f", 0, 4]`)."""

    x: float
    y: float
    joint: str = ""


@dataclass(frozen=True, slots=True)
class Limb:
    """An arm or a leg: two angles, or a reach to a spot; `end` is the angle of the hand or foot.

    `lift`, said of the finish, is how far a reaching hand or foot rises above the straight way there.
    """

    upper: float = -90
    lower: float = -90
    end: float | None = None
    to: Spot | None = None
    bend: int = 1
    mid: Spot | None = None
    scale: Point = (1, 1)
    grip: bool = False
    thumb: int = 1
    lift: float = 0


@dataclass(frozen=True, slots=True)
class Pose:
    """One position of the body. `pin` holds a joint at a point; without it the hip is at `hip`.

    `nod` turns the head about its own middle, which `head` alone would move along.
    """

    hip: Point = (0, 50)
    pin: Spot | None = None
    torso: float = 90
    torso_scale: float = 1
    head: float | None = None
    nod: float = 0
    face: Face | None = None
    glide: float = 0
    turn: float = 0
    arch: float = 0
    belly: float = 0
    shoulder: float = 0
    shrug: float = 0
    arm_n: Limb | None = None
    arm_f: Limb | None = None
    leg_n: Limb | None = None
    leg_f: Limb | None = None


@dataclass(frozen=True, slots=True)
class Prop:
    """One thing in the picture; `only` limits it to one panel, `front` draws it over the person."""

    kind: PropKind
    at: Spot | None = None
    x: Point | None = None
    y: float = 0
    h: float = 0
    w: float = 0
    r: float = 0
    points: tuple[Spot, ...] = ()
    only: str = ""
    front: bool = False


@dataclass(frozen=True, slots=True)
class Arrow:
    """The way a part moves, from a spot in the start pose to a spot in the finish pose."""

    start: Spot
    to: Spot
    bulge: float = 0
    only: str = "end"


@dataclass(frozen=True, slots=True)
class Focus:
    """A ring around the place where the work or the pull is felt."""

    at: Spot
    r: float = 5.5
    only: str = "end"


@dataclass(frozen=True, slots=True)
class Figure:
    """Everything needed to draw the two panels of one exercise; `language` is that of the descriptions."""

    exercise: str
    alt_start: str
    alt_end: str
    start: Pose
    end: Pose
    view: View = View.SIDE
    from_above: bool = False
    crop: tuple[float, float, float, float] | None = None
    order: tuple[str, ...] = ()
    ghost: bool = True
    props: tuple[Prop, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    focus: tuple[Focus, ...] = ()
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Picture:
    """One drawing and its text alternative."""

    svg: str
    alt: str
