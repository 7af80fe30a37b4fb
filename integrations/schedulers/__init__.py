"""The registry: one line per scheduler."""

from integrations.base import Scheduler
from integrations.schedulers.calcom import CalCom
from integrations.schedulers.standard import Standard

SCHEDULERS: dict[str, type[Scheduler]] = {
    "calcom": CalCom,
    "standard": Standard,
}
