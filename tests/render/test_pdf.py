"""Printed plans and summaries: tagged, on full pages, and never stopped by a text."""

import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st

from render.paper import press
from render.paper.pdf import Pdf, cleaned, plan_pdf, summary_pdf
from schemas.summary import Caution, Change, Consent, Fact, Summary, SummaryFlag, Weight
from schemas.worded_plan import WordedPlan
from tests.helpers.content import papers
from tests.helpers.printed import CLINIC, LINK, TODAY, opened, pictures, plan

SUMMARY = Summary(
    client_name="Maria López",
    when="Friday, November 27 at 3:00 PM (Eastern time)",
    reference="00042",
    age=47,
    flags=(SummaryFlag(Weight.REVIEW, "Takes a blood thinner", "yes", "Light pressure only."),),
    complaint="Low back pain for 3 months.",
    regions=("low_back_l", "buttock_r"),
    main_region="low_back_l",
    place="Low back (left), buttock (right)",
    pain=(Fact("Now", "4 of 10"),),
    goals=("Sit through a meeting",),
    activities=(Fact("Sit for one hour", "3"),),
    changes=(Change("Medicines", "none", "blood thinner"),),
    last_plan="4 of 5 days done.",
    cautions=(Caution("Blood thinner", "Light pressure only.", "Avoid falls."),),
    medicines=("Apixaban",),
    allergies=("Latex",),
    preferences=(Fact("Pressure", "medium"),),
    consents=(Consent("Care", True), Consent("Text", False)),
)


def printed(of: WordedPlan, name: str = "Maria López", language: str = "en", paper: str = "letter") -> Pdf:
    """The plan as it is sent."""
    clinic = replace(CLINIC, paper=paper)
    return plan_pdf(of, clinic, name, pictures(of), date=TODAY, words=papers(language), url=LINK)


def pages(pdf: Pdf) -> list[str]:
    """The text of each page."""
    with opened(pdf.data) as document:
        return [" ".join(page.get_text().split()) for page in document]


def fullness(pdf: Pdf) -> list[float]:
    """How far down the last mark of each page reaches, footer left out, as a share of its height."""
    found = []
    with opened(pdf.data) as document:
        for page in document:
            bottom = page.rect.height - 43
            boxes = [block[3] for block in page.get_text("blocks")] + [
                drawing["rect"].y1 for drawing in page.get_drawings()
            ]
            found.append(max(box for box in boxes if box <= bottom) / page.rect.height)
    return found


@pytest.mark.parametrize("paper", ["letter", "a4"])
@pytest.mark.parametrize(("moves", "count"), [(1, 1), (2, 1), (3, 1), (4, 2), (5, 2)])
def test_a_plan_fills_one_page_or_two(moves: int, count: int, paper: str) -> None:
    pdf = printed(plan(moves), paper=paper)
    assert len(pages(pdf)) <= count
    assert all(share > 0.8 for share in fullness(pdf))
    assert pdf.tagged


@pytest.mark.parametrize("language", ["en", "es", "ar"])
def test_large_print_is_large_whole_and_tagged(language: str) -> None:
    of = plan(5)
    made = plan_pdf(
        of, CLINIC, "محمد العلي", pictures(of), date=TODAY, words=papers(language), url=LINK, large=True
    )
    assert made.tagged
    text = "".join(pages(made))
    for item in of.items:
        assert item.name in text
    sizes = {round(size, 1) for size in _sizes(made)}
    assert min(sizes) >= 14


def _sizes(pdf: Pdf) -> list[float]:
    """The size of every piece of text on the pages, in points."""
    with opened(pdf.data) as document:
        blocks = [block for page in document for block in page.get_text("dict")["blocks"]]
    lines = [line for block in blocks for line in block.get("lines", ())]
    return [span["size"] for line in lines for span in line["spans"] if span["text"].strip()]


def test_a_long_plan_is_never_cut() -> None:
    long = plan(5)
    steps = tuple(f"Step {number}. {'Lift slowly and breathe out. ' * 3}" for number in range(9))
    text = " ".join(pages(printed(replace(long, items=tuple(replace(i, steps=steps) for i in long.items)))))
    assert text.count("Step 8.") == 5
    assert "Tick each day" in text


def test_everything_a_client_needs_is_on_the_paper() -> None:
    of = replace(plan(3), practitioner_note="Call me on Monday.", change_text="We added a set.", version=2)
    text = " ".join(pages(printed(of)))
    for item in of.items:
        for words in (item.name, item.dose_text, item.why, item.stop_when, *item.steps):
            assert words in text
    rule = of.pain_rule.removeprefix("Pain guide. ")
    for words in (of.intro, rule, of.stop_rule, of.scope_text, "Call me on Monday.", "We added a set."):
        assert words in text
    for words in ("Stone & Sons", "+1 555 0142", "Maria López", "November 22, 2026", "Goal: 4 days a week"):
        assert words in text


def test_a_label_that_the_text_begins_with_is_left_out() -> None:
    item = replace(plan(1).items[0], stop_when="Stop this move if it hurts.")
    text = pages(printed(replace(plan(1), items=(item,))))[0]
    assert text.count("Stop this move if") == 1


@pytest.mark.parametrize("large", [False, True], ids=["", "large"])
@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(("media", "there"), [("video/mp4", 1), ("", 0)], ids=["clip", "nothing"])
def test_an_own_exercise_without_a_photo_leaves_no_empty_column(
    language: str, media: str, there: int, large: bool
) -> None:
    words, item = papers(language), replace(plan(1).items[0], exercise_id="own-1", media=media)
    of = replace(plan(1), items=(item,))
    made = plan_pdf(of, CLINIC, "Bo", {}, date=TODAY, words=words, url=LINK, large=large)
    with opened(made.data) as document:
        name = document[0].search_for(item.name) or document[1].search_for(item.name)
    assert made.tagged
    assert " ".join(pages(made)).count(words.say("plan.clip")) == there
    assert (name[0].x0 < 100) is (large or not there)


def test_the_square_code_is_a_link_too() -> None:
    with opened(printed(plan(2)).data) as document:
        assert [link["uri"] for link in document[0].get_links()] == [LINK]


def test_the_same_input_gives_the_same_bytes() -> None:
    assert printed(plan(3)).data == printed(plan(3)).data
    assert printed(plan(3)).data != printed(plan(3), name="Jo").data


def test_the_day_it_was_made_comes_from_the_caller() -> None:
    of = plan(1)
    made = plan_pdf(of, CLINIC, "Jo", {}, date=date(2031, 5, 6), words=papers())
    assert b"20310506" in made.data


def test_figures_stay_drawings() -> None:
    with opened(printed(plan(2)).data) as document:
        assert not document[0].get_images()
        assert len(document[0].get_drawings()) > 10


@pytest.mark.parametrize(
    ("name", "tagged"),
    [
        ("Zoë Nuñez", True),
        ("محمد العلي", True),
        ("Zoë 🙂 Nuñez", True),
        ("a\x00b\x07\u202eevil", True),
        ('#read("/etc/passwd") $x$ *a* <b> @ref', True),
        ("\ud800", True),
        ("x" * 3000, True),
        ("", True),
        ("李雷", False),
    ],
)
def test_no_name_stops_a_plan(name: str, tagged: bool) -> None:
    pdf = printed(plan(2), name=name)
    assert pdf.tagged is tagged
    assert len(pages(pdf)) == 1


def test_a_name_is_printed_and_never_run() -> None:
    text = pages(printed(plan(1), name='#read("/etc/passwd")'))[0]
    assert '#read("/etc/passwd")' in text
    assert "root:" not in text


@given(st.text(max_size=80))
@settings(max_examples=25)
def test_any_text_anywhere_is_printed(text: str) -> None:
    of = plan(2)
    items = tuple(replace(item, name=text, because=text, steps=(text, text)) for item in of.items)
    assert printed(replace(of, title=text, intro=text, items=items), name=text).data.startswith(b"%PDF")


def test_arabic_runs_from_right_to_left() -> None:
    pdf = printed(plan(3, "ar"), name="محمد العلي", language="ar")
    assert pdf.tagged
    with opened(pdf.data) as document:
        page = document[0]
        code = page.get_links()[0]["from"]
        assert code.x1 < page.rect.width / 3


def test_spanish_has_its_own_words() -> None:
    text = pages(printed(plan(2, "es"), language="es"))[0]
    assert "Pare y pida ayuda" in text
    assert "22 de noviembre de 2026" in text
    assert "Tick" not in text


def test_a_plan_without_pictures_or_link_is_still_a_plan() -> None:
    made = plan_pdf(plan(3), CLINIC, "Jo", {}, date=TODAY, words=papers())
    assert made.tagged
    assert "Bridge 3" in pages(made)[0]


@pytest.mark.parametrize("template", ['#read("/etc/passwd")', '#read("../../etc/passwd")', '#read("pdf.py")'])
def test_a_template_can_read_no_file_of_the_machine(template: str) -> None:
    with pytest.raises(typst.TypstError):
        press.press(template.encode(), {}, {})


def test_cleaning_reaches_every_text() -> None:
    dirty = {"a": ["x\x00y", {"b": "🙂z"}], "n": 3, "none": None}
    assert cleaned(dirty) == {"a": ["x y", {"b": "🙂z"}], "n": 3, "none": None}
    assert cleaned(dirty, symbols=False)["a"][1] == {"b": "z"}


def test_a_summary_begins_with_the_flags_and_fits_one_page() -> None:
    made = summary_pdf(SUMMARY, CLINIC, date=TODAY, words=papers())
    (text,) = pages(made)
    assert made.tagged
    order = ["Maria López, 47 years", "Takes a blood thinner", "Main complaint", "What changed", "Take care"]
    assert sorted(order, key=text.index) == order
    for words in ("Low back (left)", "Apixaban", "Latex", "Pressure: medium", "Care: yes", "Text: no"):
        assert words in text


def test_the_body_map_of_a_summary_is_filled_in() -> None:
    with opened(summary_pdf(SUMMARY, CLINIC, date=TODAY, words=papers()).data) as document:
        fills = {drawing["fill"] for drawing in document[0].get_drawings()}
    for colour in ((0xC2, 0x41, 0x0C), (0xE8, 0x89, 0x4A)):
        wanted = tuple(part / 255 for part in colour)
        assert any(
            fill and all(abs(a - b) < 0.01 for a, b in zip(fill, wanted, strict=True)) for fill in fills
        )


def test_a_summary_of_many_things_runs_on_and_loses_nothing() -> None:
    many = tuple(replace(SUMMARY.flags[0], text=f"Flag {number}.") for number in range(60))
    text = " ".join(pages(summary_pdf(replace(SUMMARY, flags=many), CLINIC, date=TODAY, words=papers())))
    assert len(re.findall(r"Flag \d+\.", text)) == 60
    assert "Text: no" in text


@pytest.mark.parametrize(("paper", "points"), [("letter", 612), ("a4", 595)])
def test_every_page_is_as_wide_as_the_paper_of_the_clinic(paper: str, points: int) -> None:
    clinic = replace(CLINIC, paper=paper)
    made = [
        plan_pdf(plan(3), clinic, "Jo", {}, date=TODAY, words=papers()),
        summary_pdf(SUMMARY, clinic, date=TODAY, words=papers()),
    ]
    for each in made:
        with opened(each.data) as document:
            assert round(document[0].rect.width) == points


def test_an_empty_summary_says_that_nothing_was_raised() -> None:
    made = summary_pdf(Summary("Jo", "today", "1"), CLINIC, date=TODAY, words=papers("es"))
    assert "Las respuestas no dieron ningún aviso." in pages(made)[0]


def test_a_checker_for_tagged_documents_finds_no_fault(tmp_path: Path) -> None:
    made = {
        "plan": printed(plan(3)),
        "plan-of-four": printed(plan(4)),
        "arabic": printed(plan(2, "ar"), language="ar"),
        "summary": summary_pdf(SUMMARY, CLINIC, date=TODAY, words=papers()),
    }
    paths = [tmp_path / f"{name}.pdf" for name in made]
    for path, pdf in zip(paths, made.values(), strict=True):
        path.write_bytes(pdf.data)
    checker = Path(sys.executable).parent / "outloud"
    checked = subprocess.run([checker, "-q", *paths], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
    verdicts = dict(re.findall(r"(\S+)\.pdf: (\d+ error\(s\), \d+ warning)", checked.stdout))
    # One warning for Arabic: the checker takes the four shapes of one letter for four letters.
    assert verdicts.pop("arabic") == "0 error(s), 1 warning"
    assert verdicts == dict.fromkeys(("plan", "plan-of-four", "summary"), "0 error(s), 0 warning")
