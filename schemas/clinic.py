"""The clinic and its connections, as configured."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Connection:
    """One clinic account at one scheduler.

    `secrets` are all signing secrets accepted now (several while one is replaced). `api_base` is ""
    for the vendor's own host. `account` is what the vendor calls the account (Acuity's user id,
    Calendly's organization URI, Easy!Appointments' admin name). `webhook_url` is the configured
    public URL of our endpoint. `attach` is the way to write link and status back, or "".
    """

    name: str
    scheduler: str
    secrets: tuple[str, ...] = ()
    api_key: str = ""
    api_base: str = ""
    account: str = ""
    webhook_url: str = ""
    zone: str = ""
    attach: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
