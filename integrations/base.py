"""The contract of a scheduler and of a channel, and the one error family that both raise."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from integrations.http import Http
from schemas.booking import BookingState
from schemas.clinic import Connection
from schemas.notions.words import Translatable
from schemas.webhook import Inbound, Notice


class IntegrationError(Exception):
    """An outside service did not do what we asked; `permanent` says that trying again is useless.

    `retry_after` is in seconds, where the service named a time; `status` is that of its answer, else 0. The
    text is for the clinic: it must not hold names, answers or secrets.
    """

    permanent = False

    def __init__(
        self,
        text: str,
        *,
        permanent: bool | None = None,
        retry_after: float | None = None,
        status: int = 0,
    ) -> None:
        super().__init__(text)
        self.permanent = type(self).permanent if permanent is None else permanent
        self.retry_after = retry_after
        self.status = status

    @property
    def sentence(self) -> Translatable:
        """What it says, for another language to say it."""
        text = self.args[0]
        return text if isinstance(text, Translatable) else Translatable(str(text))

    @property
    def of_one_alone(self) -> bool:
        """True where a service that answers others refuses this one thing; a refused key (401) is no such."""
        return self.permanent and self.status not in (0, 401)


class InvalidSignature(IntegrationError):
    """The webhook does not carry exactly one correct credential."""

    permanent = True


class WrongClock(InvalidSignature):
    """The credential is right, and its time is too far from ours: a late copy, or a clock that is wrong."""


class UnknownPayload(IntegrationError):
    """The webhook is genuine, and we cannot read it."""

    permanent = True


class Unsupported(IntegrationError):
    """The scheduler has no way to do this; the text says so in a plain sentence."""

    permanent = True


class Gone(IntegrationError):
    """The booking does not exist at the scheduler any more."""

    permanent = True


class OptedOut(IntegrationError):
    """The person has told the service that they want no more messages by this channel."""

    permanent = True


class NoSuchAddress(IntegrationError):
    """The address does not exist: the only refusal that is the recipient's own."""

    permanent = True


class SenderRefused(IntegrationError):
    """The service takes nothing of ours now: it is our account, quota, policy or reputation."""


class OutcomeUnknown(IntegrationError):
    """The request was sent and the answer was lost: it may or may not have happened."""


class Silent(IntegrationError):
    """The service did not answer, and nothing was handed over."""


class NotAsked(Silent):
    """It has kept silent before and was left alone; `retry_after` says when it is tried again."""


@dataclass(frozen=True, slots=True)
class Note:
    """What we write back onto a booking: a link and a status word, never an answer (B12)."""

    link: str
    status: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """A webhook subscription at the scheduler. `secret` is set only when it was made just now."""

    external_id: str
    url: str
    events: tuple[str, ...]
    secret: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody pastes to connect: `name` is that of a Connection's field, `hint` says where it is found.

    `sealed`: a key or a password.
    """

    name: str
    label: str
    hint: str
    sealed: bool = False
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Offered:
    """One service that can be booked, by the short name that its bookings carry."""

    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Some bookings of a long list; once they are taken in, reading may go on at `place`, even much later.

    "" is no place: this scheduler reads from the beginning.
    """

    bookings: tuple[BookingState, ...]
    place: str = ""


class Scheduler:
    """One connection to one scheduler. Subclasses override what their API allows."""

    label = ""
    ways: tuple[str, ...] = ()  # to write a link back, as `attach` of the connection names them
    default_way = ""  # the way when the connection names none
    ways_once: tuple[str, ...] = ()  # ways that bother a person each time: used once per booking
    seen_by: Mapping[str, str] = {}  # who sees what is written in each way, and who is mailed about it
    one_row_per_address = False  # True where a new booking renames the person of all bookings of an address
    asks: tuple[Ask, ...] = ()  # what is pasted to connect in the browser
    has_webhooks = True
    signs_with = "register"  # where a new secret comes from: "register", "api_key", "ours" or "nothing"
    by_hand: tuple[str, ...] = ()  # what to click at the scheduler, where `register` has no way
    cancel_is_final = True  # an identifier that was cancelled never comes back to life

    def __init__(self, connection: Connection, http: Http) -> None:
        self.connection = connection
        self.http = http
        self.left_out: list[str] = []  # fields of answers that could not be read, since somebody cleared it

    @property
    def readable(self) -> bool:
        """True when `fetch` can work: the API exists and a key is configured."""
        return False

    def problems(self) -> list[str]:
        """What is wrong with the configuration of this connection, each a sentence that says what to do."""
        return []

    def remarks(self) -> list[Translatable]:
        """What whoever runs the clinic should know of this connection; may ask the scheduler."""
        return [Translatable(self.onlookers)] if self.onlookers else []

    @property
    def onlookers(self) -> str:
        """Who sees what we write onto bookings, and who is mailed about it; "" where nothing is written."""
        return self.seen_by.get(self.chosen_way, "") if self.readable else ""

    def our_url(self) -> str:
        """The public URL of our endpoint; raises IntegrationError when it is not configured."""
        if not self.connection.webhook_url:
            raise IntegrationError(
                f"Set the public URL: {self.label} must know where to send.", permanent=True
            )
        return self.connection.webhook_url

    @property
    def chosen_way(self) -> str:
        """The way to write back that this connection uses; "" when there is none, or it is switched off."""
        chosen = self.connection.attach or self.default_way
        return chosen if chosen in self.ways else ""

    def way(self) -> str:
        """The chosen way to write back; raises Unsupported with the reason when there is none."""
        if self.chosen_way:
            return self.chosen_way
        if not self.ways:
            raise Unsupported(f"Not supported by {self.label}: an existing booking cannot be written to.")
        raise Unsupported(f"Writing onto a booking is not switched on for {self.label}: see docs/schedulers.")

    def wrong_way(self) -> list[str]:
        """The problem of a connection that names a way to write back which does not exist."""
        if self.connection.attach in ("", "off", *self.ways):
            return []
        return [f"attach must be one of: {', '.join(('off', *self.ways))}."]

    def verify(self, inbound: Inbound) -> None:
        """Raise InvalidSignature unless the request carries exactly one correct credential. Pure."""
        raise NotImplementedError

    def parse(self, inbound: Inbound) -> list[Notice]:
        """What the webhook says; [] when it is not about a booking. Pure; raises UnknownPayload."""
        raise NotImplementedError

    def fetch(self, external_id: str) -> tuple[BookingState, ...]:
        """The booking as it is now, one entry per client of a group; raises Gone."""
        raise Unsupported(f"{self.label} bookings cannot be read back.")

    def bookings_of(self, client: str) -> Iterable[BookingState]:
        """Every booking of a client, by the scheduler's own identifier of them."""
        raise Unsupported(f"{self.label} bookings cannot be listed by client.")

    def changed_since(self, since: datetime) -> Iterator[BookingState]:
        """Bookings changed since then, and all future ones; one may come twice."""
        for batch in self.batches(since):
            yield from batch.bookings

    def batches(self, since: datetime, place: str = "") -> Iterator[Batch]:
        """What `changed_since` lists, from `place` on: some cannot be read through in one go."""
        raise Unsupported(f"{self.label} bookings cannot be listed.")

    def changes(self, since: datetime, place: str = "") -> Iterator[Batch]:
        """Bookings changed since then, and no others where the scheduler can leave them out."""
        yield from self.batches(since, place)

    def services(self) -> list[Offered]:
        """What can be booked there."""
        raise Unsupported(f"{self.label} does not say what can be booked.")

    def ping(self) -> None:
        """Ask for as little as possible; raises IntegrationError when the key is refused."""
        raise Unsupported(f"{self.label} cannot be asked.")

    def is_subscribed(self) -> bool:
        """True when our webhook is there and switched on; raises IntegrationError where nobody says."""
        raise Unsupported(f"{self.label} does not say which webhooks it has.")

    def attach(self, external_id: str, note: Note) -> None:
        """Write link and status onto the booking."""
        raise Unsupported(f"{self.label} does not let us write to a booking.")

    def register(self, secret: str) -> Subscription:
        """Subscribe our webhook, or find or repair the subscription. Safe to call twice."""
        raise Unsupported(f"{self.label} webhooks are set up by hand: see docs/schedulers.")

    def unregister(self) -> int:
        """Remove our subscriptions; returns how many there were."""
        raise Unsupported(f"{self.label} webhooks are removed by hand: see docs/schedulers.")


class Polled(Scheduler):
    """A scheduler that has no webhooks: what happens there is found by reading its bookings all the time."""

    has_webhooks = False

    @property
    def _none(self) -> str:
        return f"{self.label} has no webhooks: its bookings are read every few minutes."

    def verify(self, inbound: Inbound) -> None:
        """Nothing is genuine."""
        raise InvalidSignature(self._none)

    def parse(self, inbound: Inbound) -> list[Notice]:
        """Nothing is understood."""
        raise UnknownPayload(self._none)

    def is_subscribed(self) -> bool:
        """There is nothing to subscribe."""
        raise Unsupported(self._none)

    def register(self, secret: str) -> Subscription:
        """There is nothing to subscribe."""
        raise Unsupported(self._none)

    def unregister(self) -> int:
        """There is nothing to remove."""
        raise Unsupported(self._none)
