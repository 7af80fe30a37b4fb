"""A moving figure is one small picture without script or style, at the tempo of its dose."""

import gzip
import re
from xml.etree import ElementTree

import pytest

from handlers.plans.pictures import BREATH, STEP, tempo_of
from render.figures import Tempo, look_for, moving
from schemas.plan import Dose
from tests.helpers.content import library
from tests.render.test_figures import IDS

MOST_BYTES = 12_000
ALLOWED = {"svg", "title", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "animate"}
FIGURES = library().figures


@pytest.mark.parametrize("exercise", IDS)
def test_a_moving_figure_is_small_and_holds_nothing_but_shapes(exercise: str) -> None:
    drawn = moving(FIGURES[exercise], look_for(exercise))
    assert len(gzip.compress(drawn.svg.encode(), 6)) <= MOST_BYTES
    tags = {each.tag.rpartition("}")[2] for each in ElementTree.fromstring(drawn.svg).iter()}
    assert tags <= ALLOWED
    assert "animate" in tags
    assert "style=" not in drawn.svg


@pytest.mark.parametrize("exercise", IDS)
def test_every_moment_has_a_value_for_everything_that_moves(exercise: str) -> None:
    svg = moving(FIGURES[exercise], look_for(exercise)).svg
    for times, values in re.findall(r'keyTimes="([^"]*)" values="([^"]*)"', svg):
        shares = [float(each) for each in times.split(";")]
        assert len(shares) == len(values.split(";"))
        assert shares == sorted(shares)
        assert (shares[0], shares[-1]) == (0, 1)


def test_the_tempo_is_the_doses_own() -> None:
    figure = FIGURES["int_sit_to_stand"]
    assert 'dur="5.8s"' in moving(figure, look_for("x"), tempo_of(Dose(tempo="2-0-3"), None)).svg
    assert 'dur="7.8s"' in moving(figure, look_for("x"), Tempo(2, 2, 3)).svg


def test_a_long_hold_is_held_as_long_as_one_looks_at_a_picture() -> None:
    svg = moving(FIGURES["len_calf_wall"], look_for("x"), tempo_of(Dose(hold_seconds=30), None)).svg
    assert 'dur="10.8s"' in svg


def test_what_is_done_for_minutes_goes_by_breath_or_by_step() -> None:
    known = library().plan_content.exercises
    assert tempo_of(Dose(minutes=3), known["calm_belly_breath"]) == BREATH
    assert tempo_of(Dose(minutes=8), known["int_walk"]) == STEP
