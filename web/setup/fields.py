"""What is asked while a clinic is set up: one field for each variable."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from handlers.staff.passwords import LONGEST


@dataclass(frozen=True, slots=True)
class Field:
    """One variable: what it is called, where it is found (`hint`), what to do when it is not taken (`wrong`).

    `kind` is the type of the input, or "select" with `choices`. A `sealed` value is never shown again.
    `sample`: what the sample clinic says is not offered.
    """

    name: str
    label: str
    wrong: str = ""
    hint: str = ""
    kind: str = "text"
    needed: bool = False
    sealed: bool = False
    sample: bool = False
    fill: str = "off"
    most: int = 2000  # letters
    choices: Mapping[str, str] = field(default_factory=dict)

    def is_meant(self, problem: str) -> bool:
        """True when a problem of the settings speaks of this variable."""
        return self.name in problem or f"clinic.{self.name.removeprefix('CLINIC_').lower()} " in problem


NEEDED = "Fill this in."
TOO_LONG = "This is too long: at most 300 letters."
PLAIN = "Only the letters a to z, digits and plain signs."
OF_THE_COUNTRY = "It stands in every emergency text. Empty: that of your country."
ADDRESS = "Write one e-mail address, such as care@your-clinic.com."
CREDENTIAL = "LMT, CPT, PT, ATC, DC … It stands behind the name."
WORDING = {
    "self_care": "Self-care ideas",
    "fitness": "Fitness",
    "clinical": "Clinical",
}
SECURITY = {
    "starttls": "STARTTLS (port 587)",
    "tls": "TLS (port 465)",
    "none": "None (only for a mail server on this machine)",
}
ACCOUNT = (
    Field(
        "name",
        "Your name",
        hint="As it shall stand on plans that you release.",
        needed=True,
        fill="name",
        most=100,
    ),
    Field("email", "E-mail address", kind="email", needed=True, fill="username", most=320),
    Field("credential", "Credential", hint=CREDENTIAL, most=20),
    Field(
        "password",
        "Password",
        hint="At least 12 letters, signs or digits. Four words in a row are good.",
        needed=True,
        sealed=True,
        most=LONGEST + 1,  # one that is too long is said to be so
    ),
)
PUBLIC = Field(
    "PUBLIC_URL",
    "Address of this service",
    "Write the address as https://care.your-clinic.com.",
    "Clients and your scheduler reach Aftercare here. On your own computer, leave it as it is.",
    kind="url",
    needed=True,
    fill="url",
)
CLINIC = (
    Field("CLINIC_NAME", "Name of the clinic", needed=True, sample=True, fill="organization"),
    Field(
        "CLINIC_PHONE",
        "Telephone",
        "Write the whole telephone number, with its area code.",
        "Clients call it.",
        kind="tel",
        needed=True,
        sample=True,
        fill="tel",
    ),
    Field(
        "CLINIC_EMAIL",
        "Mails to clients come from",
        ADDRESS,
        kind="email",
        needed=True,
        sample=True,
        fill="email",
    ),
    Field(
        "CLINIC_REPLY_TO",
        "Replies to mails go to",
        ADDRESS,
        "Where somebody reads what clients write back. Empty: the one above.",
        sample=True,
        fill="email",
    ),
    Field("CLINIC_ADDRESS", "Street and town", sample=True, fill="street-address"),
    Field(
        "CLINIC_COUNTRY",
        "Country",
        "Choose a country.",
        "It brings its emergency number and crisis line.",
        kind="select",
        needed=True,
        sample=True,
    ),
    Field(
        "CLINIC_ZONE",
        "Time zone",
        "Choose a time zone.",
        "The clock on your wall.",
        kind="select",
        needed=True,
        sample=True,
    ),
    Field("CLINIC_EMERGENCY_NUMBER", "Emergency number", hint=OF_THE_COUNTRY, sample=True),
    Field("CLINIC_CRISIS_NUMBER", "Crisis line", hint=OF_THE_COUNTRY, sample=True),
    Field(
        "QUIET_UNTIL", "Reminders may go out from", "Write a time such as 09:00.", kind="time", needed=True
    ),
    Field("QUIET_FROM", "… until", "Write a time such as 20:00.", kind="time", needed=True),
    Field("CLINIC_SENDER", "Whose name stands on a plan", needed=True, sample=True, fill="name"),
    Field(
        "CLINIC_CREDENTIAL",
        "Licence",
        hint=CREDENTIAL,
        sample=True,
    ),
    Field(
        "WORDING",
        "What your licence lets you say",
        "Choose one of these.",
        "It sets the wording of plans: a massage therapist gives self-care ideas, a trainer fitness, "
        "a physical therapist clinical advice.",
        kind="select",
        needed=True,
        choices=WORDING,
    ),
    Field(
        "CLINIC_ALERT_EMAIL",
        "Who hears at once when an answer is serious",
        ADDRESS,
        "An e-mail address that somebody reads all day. Empty: the one that mails to clients come from.",
        kind="email",
        sample=True,
        fill="email",
    ),
)
MAIL = (
    Field(
        "SMTP_HOST",
        "Mail server",
        "Write the name of the mail server, such as smtp.your-provider.com.",
        "Your mail provider's help calls it SMTP or outgoing server.",
        needed=True,
    ),
    Field(
        "SMTP_SECURITY",
        "Encryption",
        "None is only for a mail server on this machine.",
        kind="select",
        needed=True,
        choices=SECURITY,
    ),
    Field("SMTP_PORT", "Port", "Write a number from 1 to 65535.", "Empty: the usual one.", kind="number"),
    Field(
        "SMTP_USERNAME",
        "User name",
        PLAIN,
        "Most often the address itself.",
    ),
    Field(
        "SMTP_PASSWORD",
        "Password",
        PLAIN,
        "Many providers want an app password. It is kept sealed and never shown again.",
        kind="password",
        sealed=True,
    ),
)
TO = Field("to", "Send it to", ADDRESS, kind="email", needed=True, fill="email")
"""Of the test mail."""
