"""A photo on paper stands the way it was held."""

from io import BytesIO

import pytest
from PIL import Image, ImageOps

from handlers.plans.media import clean, shape
from render.paper.photos import drawn, is_drawable
from render.paper.raster import png, size_of
from tests.helpers import photos


def taken(turned: int, kind: str = "JPEG") -> bytes:
    """A photo with a blue corner, held in one of the eight ways."""
    photo = Image.new("RGB", (80, 40), (220, 30, 30))
    photo.paste((20, 20, 240), (0, 0, 24, 16))
    noted = Image.Exif()
    noted[0x0112], noted[0x010F] = turned, "Ann's phone"
    made = BytesIO()
    photo.save(made, kind, exif=noted)
    return made.getvalue()


@pytest.mark.parametrize("turned", range(1, 9))
def test_it_is_turned_as_a_browser_turns_it(turned: int) -> None:
    photo = clean(taken(turned))
    right = ImageOps.exif_transpose(Image.open(BytesIO(photo.data)))
    picture = drawn(photo.kind, photo.data, *shape(photo), "Towel")
    assert size_of(picture.svg) == right.size
    shown = Image.open(BytesIO(png(picture.svg, right.width)))
    corners = [(3, 3), (right.width - 4, 3), (3, right.height - 4), (right.width - 4, right.height - 4)]
    blue = [at for at in corners if right.getpixel(at)[2] > 150]  # type: ignore[index] # a colour has three parts
    assert len(blue) == 1
    assert [at for at in corners if shown.getpixel(at)[2] > 150] == blue  # type: ignore[index] # the same


def test_a_picture_in_png_is_drawn_too() -> None:
    photo = clean(taken(1, "PNG"))
    assert shape(photo) == (80, 40, 1)
    assert size_of(drawn(photo.kind, photo.data, *shape(photo), "Towel").svg) == (80, 40)


SHORT = (photos.jpeg(), photos.photo()[:60], taken(1)[:300], taken(1, "PNG")[:60], b"")


@pytest.mark.parametrize("photo", SHORT)
@pytest.mark.parametrize("kind", ["image/jpeg", "image/png"])
def test_a_photo_of_which_only_parts_are_there_is_not_drawable(kind: str, photo: bytes) -> None:
    assert not is_drawable(kind, photo)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [(mode, "JPEG") for mode in ("RGB", "L", "CMYK")]
    + [(mode, "PNG") for mode in ("RGBA", "P", "1", "I;16")],
)
def test_every_way_in_which_a_camera_or_a_program_keeps_points_is_drawable(mode: str, kind: str) -> None:
    made = BytesIO()
    Image.new(mode, (40, 30)).save(made, kind, **({"progressive": True} if kind == "JPEG" else {}))
    photo = clean(made.getvalue())
    assert is_drawable(photo.kind, photo.data)
    assert is_drawable("image/jpeg", clean(photos.photo()).data)
