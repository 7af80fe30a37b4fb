"""A figure has any position between its start and its finish, and none of them is impossible."""

import itertools
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from library.figures import figure_from
from render.figures import LOOKS
from render.figures.check import problems_between
from render.figures.geometry import distance
from render.figures.motion import between, pose_between
from render.figures.scene import draw_between
from render.figures.skeleton import SIDES, Skeleton, solve
from schemas.figure import Figure
from tests.render.test_figures import IDS, standing

STEPS = 16
BONES = (("sh", "el"), ("el", "wr"), ("hp", "kn"), ("kn", "an"), ("an", "toe"), ("wr", "hand"))


def load(exercise: str) -> Figure:
    path = Path("content") / "figures" / f"{exercise}.toml"
    return figure_from(exercise, tomllib.loads(path.read_text(encoding="utf-8")))


def lengths(body: Skeleton) -> dict[tuple[str, str, str], float]:
    return {
        (one, two, side): distance(body.joints[f"{one}_{side}"], body.joints[f"{two}_{side}"])
        for one, two in BONES
        for side in SIDES
    }


def foreshortened(figure: Figure, bone: str, side: str) -> bool:
    """Whether a limb is drawn pointing at the viewer, so that it may look shorter on its way."""
    name = ("arm" if bone in ("sh", "el", "wr") else "leg") + f"_{side}"
    limbs = (getattr(pose, name) or getattr(pose, f"{name[:-1]}n") for pose in (figure.start, figure.end))
    return any(limb is not None and limb.mid is not None for limb in limbs)


@pytest.mark.parametrize("exercise", IDS)
def test_limbs_keep_their_lengths_on_the_way(exercise: str) -> None:
    figure = load(exercise)
    ends = lengths(between(figure, 0)), lengths(between(figure, 1))
    for step in range(1, STEPS):
        for bone, length in lengths(between(figure, step / STEPS)).items():
            short, long = sorted(end[bone] for end in ends)
            assert length <= long + 0.3, (bone, step)
            assert length >= short - 0.3 or foreshortened(figure, bone[0], bone[2]), (bone, step)


@pytest.mark.parametrize("exercise", IDS)
def test_nothing_sinks_into_the_floor_or_passes_through_furniture(exercise: str) -> None:
    assert problems_between(load(exercise), STEPS) == []


@pytest.mark.parametrize("exercise", IDS)
def test_no_joint_jumps(exercise: str) -> None:
    figure = load(exercise)
    bodies = [between(figure, step / STEPS) for step in range(STEPS + 1)]
    for one, two in itertools.pairwise(bodies):
        assert max(distance(one.joints[name], two.joints[name]) for name in one.joints) < 12


@pytest.mark.parametrize("exercise", IDS)
def test_a_way_begins_and_ends_at_the_two_pictures(exercise: str) -> None:
    figure = load(exercise)
    assert between(figure, 0) == solve(figure, figure.start)
    assert between(figure, 1) == solve(figure, figure.end)


@pytest.mark.parametrize("exercise", IDS)
def test_every_moment_can_be_drawn(exercise: str) -> None:
    drawn = "".join(draw_between(load(exercise), LOOKS[0], 0.4).elements)
    assert len(ElementTree.fromstring(f"<g>{drawn}</g>")) > 1


def test_what_is_not_a_joint_is_blended_too() -> None:
    figure = figure_from("x", {**standing(), "end": {"arm_n": [90, 90], "belly": 2}})
    assert pose_between(figure, 0.25).belly == pytest.approx(0.5)


def test_a_leg_that_would_sink_on_its_way_is_found() -> None:
    poses = {"start": {"hip": [0, 51], "leg_n": [-60, -60, 0]}, "end": {"leg_n": [-120, -120, 0]}}
    figure = figure_from("x", {**standing(), **poses})
    assert any("below the floor" in one for one in problems_between(figure))


def test_a_foot_is_lifted_over_an_edge() -> None:
    poses = {"start": {"hip": [0, 50], "leg_n": {"to": [-9, 4]}}, "end": {"leg_n": {"to": [9, 4], "lift": 6}}}
    figure = figure_from("x", {**standing(), **poses})
    assert between(figure, 0.5).joints["an_n"][1] == pytest.approx(10)
