"""A link as a square code."""

import io

import segno


def svg(url: str, *, dark: str = "#14213d") -> str:
    """The code as SVG of paths alone, without a quiet zone; raises ValueError for a link too long for one."""
    out = io.BytesIO()
    code = segno.make(url, error="m", micro=False)
    code.save(
        out, kind="svg", border=0, xmldecl=False, omitsize=True, dark=dark, svgclass=None, lineclass=None
    )
    return out.getvalue().decode().strip()
