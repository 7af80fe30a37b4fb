"""The clinic and its connections, as configured."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta

from schemas.notions import mail_address
from schemas.review import Unreviewed

SAMPLE = ".example"  # how the addresses of the clinic end that comes with Aftercare


def variable_of(connection: str, field: str) -> str:
    """The variable that sets a field of a connection: `NORTH_API_KEY`."""
    return f"{connection}_{field}".upper().replace("-", "_")


@dataclass(frozen=True, slots=True)
class Connection:
    """One clinic account at one scheduler.

    `secrets` are all signing secrets accepted now (several while one is replaced). `api_base` is ""
    for the vendor's own host. `account` is what the vendor calls the account (Acuity's user id,
    Calendly's organization URI, Easy!Appointments' admin name). `webhook_url` is the configured
    public URL of our endpoint. `zone` is set where it is another than the clinic's (`clinic_zone`).
    `contact` is the clinic's e-mail address, for a vendor who wants to know whom to write to. `attach` is
    the way to write link and status back, or "". `visit_minutes` is how long a visit is where the scheduler
    does not say it.
    `secret_kept` says that `register` makes the secret and keeps it in the database.
    """

    name: str
    scheduler: str
    secrets: tuple[str, ...] = field(default=(), repr=False)
    api_key: str = field(default="", repr=False)
    api_base: str = ""
    account: str = ""
    webhook_url: str = ""
    zone: str = ""
    clinic_zone: str = ""
    contact: str = ""
    visit_minutes: int = 60
    attach: str = ""
    secret_kept: bool = False
    options: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Service:
    """What may be booked: which questionnaire is asked and whether a plan follows ("" and False for none).

    Visits of one client within `form_window` of each other share one form. `own_plan`: a plan follows also
    when the client has a later visit on the same day. `booking_url`: where it is booked again, "" for the
    clinic's own.
    """

    questionnaire: str = "first_visit"
    plan: bool = True
    form_window: timedelta = timedelta(days=14)
    own_plan: bool = False
    booking_url: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """When messages are due. Every figure can be set; the defaults are the ones in `content/clinic.toml`."""

    settle: timedelta = timedelta(seconds=20)
    reminders: tuple[timedelta, ...] = (timedelta(hours=72), timedelta(hours=24))
    plan_delay: timedelta = timedelta(minutes=30)
    too_late: timedelta = timedelta(hours=48)
    look_within: timedelta = timedelta(0)
    quiet_from: time = time(20)
    quiet_until: time = time(9)
    quiet_zone: str = "clinic"
    require_ok: bool = False
    unreviewed: Unreviewed = Unreviewed.label
    mail_contents: bool = False
    full_intake_after: timedelta = timedelta(days=365)
    plan_moves: int = 3
    wording: str = "self_care"
    reconcile_every: timedelta = timedelta(hours=1)
    reconcile_back: timedelta = timedelta(hours=48)
    body_days: int = 30
    monitoring_sheet: bool = False

    @property
    def mendable(self) -> timedelta:
        """How long a message that failed is worth mending: later nobody can do anything about it."""
        return timedelta(days=self.body_days)


@dataclass(frozen=True, slots=True)
class Retention:
    """How many days after a client's last visit each kind is kept; 0: until the client is erased."""

    answers: int = 0
    plans: int = 0
    checkins: int = 0
    deliveries: int = 0


@dataclass(frozen=True, slots=True)
class Clinic:
    """The clinic as its clients see it, and its rules. `country` is ISO 3166, two letters."""

    name: str
    phone: str
    email: str
    zone: str
    public_url: str
    address: str = ""
    language: str = "en"
    languages: tuple[str, ...] = ("en",)
    country: str = "US"
    emergency_number: str = "911"
    crisis_number: str = "988"
    emergency_known: bool = True
    crisis_texts: bool = False
    crisis_known: bool = True
    reply_to: str = ""
    sender: str = ""
    credential: str = ""
    alert_email: str = ""
    alert_next_email: str = ""
    alert_sms: str = ""
    booking_url: str = ""
    paper: str = "letter"
    policy: Policy = field(default_factory=Policy)
    retention: Retention = field(default_factory=Retention)
    services: Mapping[str, Service] = field(default_factory=dict)
    default_service: Service = field(default_factory=Service)

    @property
    def mailbox(self) -> str:
        """The clinic's e-mail address without the name that may stand before it."""
        found = mail_address.read_named(self.email)
        return found[1] if found else ""

    @property
    def is_sample(self) -> bool:
        """True for the clinic that comes with Aftercare: its address leads nowhere."""
        return self.email.endswith(SAMPLE)

    def service(self, slug: str, name: str = "") -> Service:
        """The rules of a service by its slug or name, or the default."""
        for key in (slug, name):
            found = self.services.get(key.strip().casefold())
            if found:
                return found
        return self.default_service

    def books_at(self, slug: str, name: str = "") -> str:
        """Where a service is booked again; "" where the clinic names no place."""
        return self.service(slug, name).booking_url or self.booking_url

    def spoken(self, language: str) -> str:
        """The language that we have which is nearest to the one asked for."""
        short = language.replace("_", "-").split("-")[0].casefold()
        return short if short in self.languages else self.language
