"""The figure of every exercise, drawn on demand."""

from handlers.context import Context
from handlers.plans.media import shape
from render.figures import Panel, Tempo, look_for, moving, pair_svg, panels
from render.paper import photos
from schemas.exercise import Exercise, Kind
from schemas.figure import Picture
from schemas.media import Media
from schemas.plan import Dose, Phase, PlanItem, StoredPlan
from schemas.worded_plan import WordedPlan
from store import clients, own_media
from store.base import Tx

BREATH, STEP, EASY = Tempo(3, 0, 5), Tempo(0.7, 0, 0.7), Tempo(2, 0, 2)
"""What is done for minutes has no tempo of its own."""


def of_plan(context: Context, plan: WordedPlan) -> dict[str, Picture]:
    """Start and finish of each exercise, side by side, by exercise id."""
    found, figures = {}, context.figures(plan.language)
    for item in plan.items:
        figure = figures.get(item.exercise_id)
        if figure is not None:
            svg = pair_svg(figure, look_for(item.exercise_id))
            found[item.exercise_id] = Picture(svg, f"{figure.alt_start} {figure.alt_end}")
    return found


def of_exercise(context: Context, exercise_id: str, language: str) -> tuple[Panel, Panel] | None:
    """The two panels of one exercise, for a page in a language; None where there is no figure."""
    figure = context.figures(language).get(exercise_id)
    return panels(figure, look_for(exercise_id)) if figure is not None else None


def of_items(context: Context, plan: WordedPlan) -> dict[str, tuple[Panel, Panel] | None]:
    """The two panels of each exercise, for a page in the plan's language, by exercise id."""
    names = (item.exercise_id for item in plan.items)
    return {name: of_exercise(context, name, plan.language) for name in names}


def own_of(tx: Tx, stored: StoredPlan, item: PlanItem) -> Media | None:
    """The photo or clip of an own exercise; None for any other."""
    if item.own is None or not item.own.media:
        return None
    family = clients.family(tx, stored.client_id)
    found = own_media.of_client(tx, family, item.exercise_id)
    return Media(*found) if found else None


def photos_of(tx: Tx, stored: StoredPlan) -> dict[str, Picture]:
    """The photos of own exercises as drawings, by exercise id, for papers."""
    known = ((item, own_of(tx, stored, item)) for item in stored.plan.items)
    return {
        item.exercise_id: photos.drawn(photo.kind, photo.data, *shape(photo), item.own.name)
        for item, photo in known
        if item.own and photo and photo.kind.startswith("image/")
    }


def still_of(context: Context, item: PlanItem) -> str | None:
    """Start and finish of an exercise side by side, as SVG; None where there is no figure.

    The page that shows a drawing as an image says in its own language what it shows.
    """
    return pair(context, item.exercise_id)


def pair(context: Context, exercise_id: str) -> str | None:
    """The same by the id of an exercise."""
    figure = context.figures(context.clinic.language).get(exercise_id)
    return pair_svg(figure, look_for(exercise_id)) if figure is not None else None


def moving_of(context: Context, item: PlanItem) -> str | None:
    """An exercise as it moves, at the tempo of its dose, as SVG; None where there is no figure."""
    figure = context.figures(context.clinic.language).get(item.exercise_id)
    if figure is None:
        return None
    known = context.plan_content(context.clinic.language).exercises.get(item.exercise_id)
    return moving(figure, look_for(item.exercise_id), tempo_of(item.dose, known)).svg


def tempo_of(dose: Dose, exercise: Exercise | None) -> Tempo:
    """Seconds out, held and back, as the dose says them; for what is done for minutes a breath or a step."""
    if dose.tempo:
        out, held, back = (float(part) for part in dose.tempo.split("-"))
        return Tempo(out, max(held, dose.hold_seconds), back)
    if not dose.minutes or exercise is None:
        return Tempo(2, dose.hold_seconds, 2)
    if exercise.kind is Kind.AEROBIC:
        return STEP
    return BREATH if exercise.phase is Phase.CALM else EASY
