"""One panel before it is framed: props, the start shape behind, the person, arrows and rings."""

from render.figures import body, limbs, marks
from render.figures.canvas import Canvas
from render.figures.head import head
from render.figures.look import Look
from render.figures.motion import between, pose_between
from render.figures.props import draw_prop
from render.figures.skeleton import Skeleton, solve
from schemas.figure import Face, Figure, Pose, Prop, PropKind, View

GHOST = "#d5dce3"
ORDER_SIDE = ("arm_f", "leg_f", "torso", "pelvis", "head", "leg_n", "arm_n")
ORDER_FRONT = ("leg_f", "leg_n", "pelvis", "head", "torso", "arm_f", "arm_n")


def draw_scene(figure: Figure, look: Look, which: str) -> Canvas:
    """Draw the "start" or the "end" of a figure."""
    canvas, poses = Canvas(), {"start": figure.start, "end": figure.end}
    bodies = {name: solve(figure, pose) for name, pose in poses.items()}
    shown = [prop for prop in figure.props if prop.only in ("", which)]
    _props(canvas, [prop for prop in shown if not prop.front], bodies[which])
    if which == "end" and figure.ghost and figure.view is not View.HAND:
        _ghost(figure, body.Person(canvas, bodies["start"], figure.start, look, figure.view, True))
    if figure.view is not View.HAND:
        person = body.Person(canvas, bodies[which], poses[which], look, figure.view)
        body.see_person(person)
        _person(figure, person, shown)
    _props(canvas, [prop for prop in shown if prop.front], bodies[which])
    _marks(canvas, figure, bodies, which)
    return canvas


def draw_between(figure: Figure, look: Look, share: float) -> Canvas:
    """Draw a figure at `share` of the way from its start to its finish, without arrows, rings and shadow."""
    canvas, skeleton = Canvas(), between(figure, share)
    shown = [prop for prop in figure.props if prop.only in ("", "start" if share < 0.5 else "end")]
    _props(canvas, [prop for prop in shown if not prop.front], skeleton)
    if figure.view is not View.HAND:
        person = body.Person(canvas, skeleton, pose_between(figure, share), look, figure.view)
        body.see_person(person)
        _person(figure, person, shown)
    _props(canvas, [prop for prop in shown if prop.front], skeleton)
    return canvas


def draw_marks(figure: Figure, which: str) -> Canvas:
    """Draw the arrows and rings alone of the "start" or the "end" of a figure."""
    canvas = Canvas()
    _marks(canvas, figure, {"start": solve(figure, figure.start), "end": solve(figure, figure.end)}, which)
    return canvas


def _ghost(figure: Figure, person: body.Person) -> None:
    """The start shape in one pale colour, so that the way from start to finish can be seen."""
    person.canvas.elements.append(f'<g fill="{GHOST}">')
    _person(figure, person, [])
    person.canvas.elements.append("</g>")


def _props(canvas: Canvas, props: list[Prop], skeleton: Skeleton) -> None:
    for prop in props:
        draw_prop(canvas, prop, skeleton)


def _marks(canvas: Canvas, figure: Figure, bodies: dict[str, Skeleton], which: str) -> None:
    for ring in figure.focus:
        if ring.only == which:
            marks.focus(canvas, bodies[which].at(ring.at), ring.r)
    for arrow in figure.arrows:
        if arrow.only == which:
            start = bodies["start" if which == "end" else which].at(arrow.start)
            marks.arrow(canvas, start, bodies[which].at(arrow.to), arrow.bulge, _arrow_size(figure))


def _arrow_size(figure: Figure) -> float:
    """Thinner arrows where only a part of the body is shown, which is then drawn larger."""
    return min(1.0, (figure.crop[2] - figure.crop[0]) / 85) if figure.crop else 1.0


def _person(figure: Figure, person: body.Person, props: list[Prop]) -> None:
    for part in figure.order or (ORDER_SIDE if figure.view is View.SIDE else ORDER_FRONT):
        if part.startswith(("arm", "leg")):
            {"arm": limbs.arm, "leg": limbs.leg}[part[:3]](person, part[-1])
        elif part == "head":
            head(person, _face(figure, person.pose))
        else:
            {"torso": body.torso, "pelvis": body.pelvis}[part](person)
        if part == "torso":
            _blades(person, props)


def _blades(person: body.Person, props: list[Prop]) -> None:
    for prop in props:
        if prop.kind is PropKind.BLADES:
            person.layer(body.blades(person, prop.w))


def _face(figure: Figure, pose: Pose) -> Face:
    return pose.face or Face(figure.view.value)
