"""A photo or clip of an own exercise, and why one is not taken."""

from dataclasses import dataclass

TOO_LARGE = "The file is too large: a photo may have 4 MB, a clip 16 MB, about ten seconds."
NO_KIND = "This is no photo or clip that can be cleaned: take a JPEG or PNG photo, or an MP4 clip (H.264)."
INFECTED = "The virus scanner found something in this file, so it is not kept. Take another one."
NOT_SCANNED = "The virus scanner does not answer, so the file is not kept. Try again in a minute."
BROKEN = "The file is damaged, or cut off: take it again."


class Unsuitable(ValueError):
    """A photo or clip that is not taken; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Media:
    """A cleaned photo or clip, with its media type."""

    kind: str
    data: bytes
