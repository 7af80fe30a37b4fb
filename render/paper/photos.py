"""A photo as a drawing, so that papers set it like a figure: turned the way it was held."""

import base64

from render.paper.press import press
from schemas.figure import Picture

ALONE = b"""#set page(width: 8pt, height: 8pt, margin: 0pt)
#image("/photo", format: json("data.json").format, width: 100%, height: 100%)"""

TURNS = {
    2: "translate({across} 0) scale(-1 1)",
    3: "rotate(180) translate(-{across} -{down})",
    4: "translate(0 {down}) scale(1 -1)",
    5: "rotate(90) scale(1 -1)",
    6: "translate({down} 0) rotate(90)",
    7: "translate({down} {across}) rotate(90) scale(-1 1)",
    8: "translate(0 {across}) rotate(-90)",
}
"""By orientation of Exif (1: as it is), for a photo of `across` by `down` points."""
SIDEWAYS = frozenset({5, 6, 7, 8})


def drawn(kind: str, photo: bytes, across: int, down: int, turned: int, alt: str) -> Picture:
    """A photo of this media type and size as SVG, with its text alternative."""
    turn = TURNS.get(turned, "").format(across=across, down=down)
    wide, high = (down, across) if turned in SIDEWAYS else (across, down)
    source = f"data:{kind};base64,{base64.b64encode(photo).decode()}"
    return Picture(
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        f' viewBox="0 0 {wide} {high}"><g transform="{turn}">'
        f'<image width="{across}" height="{down}" xlink:href="{source}"/></g></svg>',
        alt,
    )


def is_drawable(kind: str, photo: bytes) -> bool:
    """True for a photo whose points can be read, not only its parts; `kind` is image/jpeg or image/png."""
    from typst import TypstError  # seven megabytes, which whoever takes no photo does without

    data = {"format": {"image/jpeg": "jpg", "image/png": "png"}[kind]}
    try:
        press(ALONE, data, {}, pictures={"photo": photo}, format="png")
    except TypstError:
        return False
    return True
