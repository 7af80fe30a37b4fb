"""Every link between the documents leads somewhere, headings included."""

import re
import shutil
import struct
import subprocess
import tomllib
from pathlib import Path

import click
import pytest
from flask import Flask

from deploy import content, docs
from library import toml
from library.content import problems
from library.reading import NOTHING_TO_TRANSLATE
from settings.startup import sound_settings
from tests.helpers.clinic import environ
from tests.helpers.content import CONTENT, library
from web.commands import install_to_list
from web.language import texts

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    path for pattern in ("*.md", "docs/**/*.md", "content/*.md", "bench/*.md") for path in ROOT.glob(pattern)
)


def anchors(path: Path) -> set[str]:
    """The names of a page's headings, as the usual renderers make them."""
    heads = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_the_site_has_every_page_that_it_names_and_every_file_that_they_link_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docs, "STAGED", tmp_path)
    docs.stage()
    named = re.findall(r": ([\w/.-]+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(named) > 20
    assert [name for name in named if not (tmp_path / name).is_file()] == []
    staged = [*tmp_path.rglob("*.md")]
    assert {path.relative_to(tmp_path) for path in staged} >= {path.relative_to(ROOT) for path in PAGES}
    for page in staged:
        for link in re.findall(r"\]\(([^)\s#]+)", page.read_text(encoding="utf-8")):
            if not link.startswith(docs.OUTSIDE):
                assert (page.parent / link).is_file(), f"{page.relative_to(tmp_path)}: {link}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_link_is_broken(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if link.startswith(("https:", "http:", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert not anchor or target.suffix != ".md" or anchor in anchors(target), link


def sources() -> list[str]:
    """Where the rules of the content say that they come from."""
    rules = library().rules
    of_rules = [rule.source for rule in (*rules.rules, rules.clash)]
    return sorted({*of_rules, rules.review.source, *(danger.source for danger in rules.typed.dangers)})


@pytest.mark.parametrize("source", sources())
def test_a_rule_comes_from_what_can_be_looked_up(source: str) -> None:
    for page, anchor in re.findall(r"(docs/[\w/.-]+)#([\w-]+)", source):
        assert anchor in anchors(ROOT / page)
    assert set(re.findall(r"\bE\d\d\b", source)) <= set(library().evidence)
    assert not re.search(r"\bsections?\b|\d\.\d|\bINV-", source)


def test_the_version_is_that_of_the_newest_changes_and_of_the_way_to_it() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    (newest, *_) = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert newest == version
    for file in ("Makefile", "docs/deploy.md", "deploy/upgrade.sh"):
        named = re.findall(r"VERSION=v(\d[\d.]*\d)", (ROOT / file).read_text("utf-8"))
        assert set(named) == {version}, file


BLOCK = re.compile(r"```toml\n(.*?)```", re.DOTALL)


def examples(page: str) -> list[str]:
    """The blocks of TOML of a page, in their order."""
    return BLOCK.findall((ROOT / page).read_text("utf-8"))


def test_each_change_that_the_guide_shows_can_be_made_as_it_stands_there(tmp_path: Path) -> None:
    """A block that stands in a content file is what is there before; the next one is what it becomes."""
    folder = Path(shutil.copytree(CONTENT, tmp_path / "content"))
    found, made = iter(examples("docs/change.md")), 0
    for before in found:
        for path in (path for path in folder.rglob("*.toml") if before in path.read_text("utf-8")):
            path.write_text(path.read_text("utf-8").replace(before, next(found), 1), encoding="utf-8")
            made += 1
            break
    assert made >= 9
    assert [str(each) for each in problems(folder) if each.fatal] == []


def test_each_service_that_the_guide_shows_is_one(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(CONTENT, tmp_path / "content"))
    (service,) = [each for each in examples("docs/change.md") if each.startswith("[services.")]
    with (folder / "clinic.toml").open("a", encoding="utf-8") as file:
        file.write(service)
    found = sound_settings(environ("sqlite:///unused.db", 25, CONTENT=str(folder))).clinic
    assert found.service("", "Deep tissue 90 minutes") == found.services["deep-tissue-90"]


IMAGES = ROOT / "docs" / "images"


def test_every_picture_of_the_documents_is_shown_by_one_and_only_what_is_there_is_shown() -> None:
    shown = {
        (page.parent / name).resolve()
        for page in PAGES
        for name in re.findall(r"!\[[^\]]+\]\(([^)\s]+)\)", page.read_text("utf-8"))
    }
    assert shown == set(IMAGES.iterdir())


def test_the_picture_of_the_front_page_moves_and_is_small_enough_to_wait_for() -> None:
    picture = (IMAGES / "aftercare.png").read_bytes()
    place = picture.index(b"acTL") + 4
    frames, loops = struct.unpack(">II", picture[place : place + 8])
    assert frames > 10
    assert loops > 0  # it comes to rest
    assert len(picture) < 400_000


def test_the_page_for_clients_says_how_long_the_form_takes_in_both_languages() -> None:
    minutes = library().questionnaires["first_visit"].minutes
    page = (ROOT / "docs" / "for-clients.md").read_text("utf-8")
    assert f"about {minutes} minutes" in page
    assert f"unos {minutes} minutos" in page


def test_the_front_page_counts_the_moves_that_there_are() -> None:
    count = len(library().plan_content.exercises)
    assert f"| {count}, drawn, with moving figures |" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("page", ["for-clients.md", "for-therapists.md"])
def test_what_is_printed_stands_there_in_both_languages_with_the_same_parts(page: str) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8")
    english, spanish = text.split("## English")[1].split("## Español")
    for mark in (r"^\*\*", r"^\|"):
        assert len(re.findall(mark, english, re.MULTILINE)) == len(re.findall(mark, spanish, re.MULTILINE))


def test_every_folder_of_the_program_has_its_line_among_the_rooms() -> None:
    rooms = (
        (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## The rooms")[2].partition("## A new")[0]
    )
    kept = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    folders = {
        line.partition("/")[0] for line in kept.stdout.splitlines() if line.endswith(".py") and "/" in line
    }
    assert {name for name in folders if f"`{name}/`" not in rooms} == set()


SAID = [(page, page.read_text("utf-8")) for page in PAGES]


def test_every_make_that_is_named_is_there() -> None:
    made = re.findall(r"^([a-z][a-z -]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    known = {target for line in made for target in line.split()}
    named = {
        word
        for _, text in SAID
        for word in re.findall(r"(?:`|^)(?:ONCE=1 )?make ([a-z-]+)", text, re.MULTILINE)
    }
    assert len(named) > 20
    assert named - known == set()


def test_every_command_that_is_named_is_there() -> None:
    app = Flask("commands")
    install_to_list(app, "")
    words = re.compile(r"(?:`|^)(?:\.venv/bin/)?flask(?: --app app)? ([a-z]+)(?: ([a-z-]+))?", re.MULTILINE)
    named = [found for _, text in SAID for found in words.findall(text)]
    assert len(named) > 60
    for command, inner in named:
        known = app.cli.commands[command]
        assert not inner or not isinstance(known, click.Group) or inner in known.commands, (command, inner)


def test_the_guide_explains_slips_in_the_words_in_which_they_are_said() -> None:
    said = [toml.CURLED, toml.NOT_UTF_8, *(advice for _, advice in toml.SLIPS), NOTHING_TO_TRANSLATE]
    text = (ROOT / "docs" / "change.md").read_text("utf-8")
    explained = re.findall(r"^\| `[^`…]*… ([^`]+)` \|", text, re.MULTILINE)
    assert len(explained) == 6
    assert [words for words in explained if not any(words in each for each in said)] == []


OF_THE_CONSOLE = (
    "console.md",
    "start.md",
    "deploy.md",
    "clinical.md",
    "for-therapists.md",
)


@pytest.mark.parametrize("page", OF_THE_CONSOLE)
def test_each_button_and_heading_that_a_page_names_is_one_of_the_console(page: str) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8").partition("## Español")[0]
    pages = [path for kind in ("*.html", "*.py", "*.js") for path in (ROOT / "web").rglob(kind)]
    written = " ".join(path.read_text("utf-8") for path in pages)
    named = {each.rstrip(".:") for each in re.findall(r"(?<![*\w])\*([^*\n]{3,40})\*(?![*\w])", text)}
    assert named
    assert [words for words in named if words not in texts("es") and words not in written] == []


def test_the_spanish_page_for_therapists_names_what_the_spanish_console_shows() -> None:
    english, spanish = (ROOT / "docs" / "for-therapists.md").read_text("utf-8").split("## Español")
    named = re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", english)
    assert len(named) >= 6
    assert [words for words in named if f"*{texts('es')[words]}*" not in spanish] == []


def test_each_button_that_the_page_for_clients_names_is_on_a_page_or_in_a_mail() -> None:
    text = (ROOT / "docs" / "for-clients.md").read_text("utf-8")
    named = re.findall(r"[\"«]([^\"»\n]+)[\"»]", text)
    files = [*CONTENT.glob("pages.toml"), *CONTENT.glob("es/pages.toml"), *CONTENT.glob("mail/*.toml")]
    written = " ".join(path.read_text("utf-8") for path in files)
    assert len(named) == 6
    assert [words for words in named if words not in written] == []


def test_make_content_looks_with_settings_that_are_whole(tmp_path: Path) -> None:
    given = content.environment(tmp_path) | {"CONTENT": str(CONTENT)}
    assert sound_settings(given).missing == ()
