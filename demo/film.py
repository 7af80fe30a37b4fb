"""The moving picture of the README: form and plan on a phone, the practitioner's day beside them."""

from base64 import b64encode
from io import BytesIO
from math import cos, pi
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from demo.client import fill_in
from demo.figures import CONTENT
from library.content import load
from render.figures import look_for
from render.figures.moving import moment

FRAMES = 24
EACH = 200  # milliseconds
LOOPS = 12  # then it rests: what moves for ever distracts
COLOURS = 160
PHONE = {"width": 360, "height": 640}
DESK = {"width": 1280, "height": 960}
WINDOW = {"width": 1310, "height": 592}
SCREENS = 12  # of a form at most, before its body map
PLACE = "low_back_l"

CANVAS = """<!doctype html><meta charset="utf-8"><style>
body{{margin:0;padding:20px 22px;display:flex;gap:22px;background:#e4eeec;color:#20404a}}
figure{{margin:0}}figcaption{{margin:0 0 8px 4px;font:600 15px "Noto Sans",sans-serif}}
img{{display:block;border-radius:12px}}
.phone img{{width:292px;height:519px;border:5px solid #1d2939;border-radius:24px}}
.desk img{{width:620px;height:465px;box-shadow:0 2px 8px #0003}}</style>
<figure class="phone"><figcaption>Before: the form</figcaption><img src="{form}"></figure>
<figure class="phone"><figcaption>After: the plan</figcaption><img src="{plan}"></figure>
<figure class="desk"><figcaption>For you: the day, and what matters</figcaption><img src="{day}"></figure>
"""


def form(page: Page, link: str) -> list[bytes]:
    """Each thing that a client does on the body map, then the next screen."""
    page.set_viewport_size(PHONE)  # type: ignore[arg-type] # width and height
    page.goto(link)
    for _ in range(SCREENS):
        if page.locator(".maps").count():
            break
        fill_in(link, most=2)
        page.goto(link)
    page.locator("h1").scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, document.querySelector('h1').offsetTop - 12)")
    seen = [page.screenshot()]
    page.locator("[data-view=back]").click()
    seen.append(page.screenshot())
    page.locator(f".body-back [data-for={PLACE}]").click()
    page.evaluate("scrollTo(0, document.querySelector('h1').offsetTop - 12)")
    return [*seen, page.screenshot()]


def plan(page: Page, link: str) -> list[bytes]:
    """The first move of a plan as it is done, at each moment of its figure."""
    page.set_viewport_size(PHONE)  # type: ignore[arg-type] # width and height
    page.goto(f"{link}/go")
    exercise = page.locator("[data-move]").first.get_attribute("data-move") or ""
    figure = load(CONTENT).figures[exercise]
    seen = []
    for step in range(FRAMES):
        share = (1 - cos(2 * pi * step / FRAMES)) / 2
        drawn = moment(figure, look_for(exercise), share).svg
        page.evaluate("svg => { document.querySelector('.tilepic').innerHTML = svg; }", drawn)
        seen.append(page.screenshot())
    return seen


def day(page: Page, *addresses: str) -> list[bytes]:
    """The pages of the console, one after the other."""
    page.set_viewport_size(DESK)  # type: ignore[arg-type] # width and height
    seen = []
    for address in addresses:
        page.goto(address)
        seen.append(page.screenshot())
    return seen


def film(page: Page, parts: tuple[list[bytes], list[bytes], list[bytes]], target: Path) -> None:
    """Lay the parts beside each other, each at its own pace, and write them as one moving PNG."""
    page.set_viewport_size(WINDOW)  # type: ignore[arg-type] # width and height
    frames = []
    for step in range(FRAMES):
        forms, plans, days = (_address(part[step * len(part) // FRAMES]) for part in parts)
        page.set_content(CANVAS.format(form=forms, plan=plans, day=days))
        frames.append(Image.open(BytesIO(page.screenshot())).convert("RGB"))
    palette = _strip(frames[:: FRAMES // 4]).quantize(COLOURS)
    plain = [each.quantize(palette=palette, dither=Image.Dither.NONE) for each in frames]
    plain[0].save(target, save_all=True, append_images=plain[1:], duration=EACH, loop=LOOPS, optimize=True)


def _address(png: bytes) -> str:
    return f"data:image/png;base64,{b64encode(png).decode()}"


def _strip(frames: list[Image.Image]) -> Image.Image:
    """Some frames below each other, so that one palette serves all."""
    width, height = frames[0].size
    strip = Image.new("RGB", (width, height * len(frames)))
    for place, frame in enumerate(frames):
        strip.paste(frame, (0, place * height))
    return strip
