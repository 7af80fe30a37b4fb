"""Signed webhooks of the captured shapes, for `flask simulate` and the demo."""

import base64
from types import ModuleType
from typing import Any

from integrations.samples import acuity, calcom, calendly, easyappointments, mindbody, square, standard
from integrations.samples.visit import Sample, Visit

SAMPLES: dict[str, ModuleType] = {
    "acuity": acuity,
    "calcom": calcom,
    "calendly": calendly,
    "easyappointments": easyappointments,
    "mindbody": mindbody,
    "square": square,
    "standard": standard,
}
EVENTS: dict[str, tuple[str, ...]] = {name: tuple(module.EVENTS) for name, module in SAMPLES.items()}


def new_secret(scheduler: str, random: bytes) -> str:
    """A signing secret in the form that this scheduler uses, from at least 24 random bytes."""
    text = base64.b64encode(random).decode()
    return f"whsec_{text}" if scheduler == "standard" else random.hex()


def sample(scheduler: str, event: str, **visit: Any) -> Sample:
    """Headers and body of one signed webhook; the keywords are the fields of Visit.

    Raises KeyError for a scheduler or an event that is not in EVENTS.
    """
    described = Visit(**visit)
    module = SAMPLES[scheduler]
    signed: Sample = module.sign(described, module.EVENTS[event](described))
    return signed
