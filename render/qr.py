"""QR codes as SVG, for paper and for the door of the clinic."""

import io

import segno

LONGEST = 1000


def svg(text: str) -> str:
    """A square QR code (black on white, error correction M) that draws `text`, with a quiet zone of four.

    Presentation attributes only, so that it may stand on a page under a strict CSP. Raises ValueError when
    the text is empty or longer than 1000 characters.
    """
    if not 0 < len(text) <= LONGEST:
        raise ValueError("a QR code holds 1 to 1000 characters")
    code = segno.make(text, error="m", micro=False, boost_error=False)
    made = io.BytesIO()
    code.save(made, kind="svg", xmldecl=False, svgclass=None, lineclass=None, omitsize=True, light="#ffffff")
    return made.getvalue().decode()
