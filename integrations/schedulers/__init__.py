"""The registry: one line per scheduler."""

from integrations.base import Scheduler
from integrations.schedulers.acuity import Acuity
from integrations.schedulers.calcom import CalCom
from integrations.schedulers.calendly import Calendly
from integrations.schedulers.cliniko import Cliniko
from integrations.schedulers.easyappointments import EasyAppointments
from integrations.schedulers.mindbody import Mindbody
from integrations.schedulers.square import Square
from integrations.schedulers.standard import Standard

SCHEDULERS: dict[str, type[Scheduler]] = {
    "acuity": Acuity,
    "calcom": CalCom,
    "calendly": Calendly,
    "cliniko": Cliniko,
    "easyappointments": EasyAppointments,
    "mindbody": Mindbody,
    "square": Square,
    "standard": Standard,
}
