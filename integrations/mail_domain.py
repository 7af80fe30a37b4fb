"""What a sender's domain says of its mail, in the DNS: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489).

Mail services trust a domain that says who may send for it; without these records much goes to spam.
"""

from dataclasses import dataclass

SECONDS = 5.0  # for one question
SELECTORS = (
    *("default", "dkim", "mail", "k1", "k2", "s1", "s2", "selector1", "selector2", "google", "smtp"),
    *("mx", "pm", "mandrill", "protonmail", "fm1", "zoho", "key1"),
)
"""Names under which well-known services put their DKIM keys; the domain does not say which one is used."""


class NoAnswer(Exception):
    """The name server cannot be asked."""


@dataclass(frozen=True, slots=True)
class Records:
    """The record that was found for each, or ""; `dkim` names the selector of a key."""

    spf: str
    dmarc: str
    dkim: str
    spf_count: int = 1


def look(domain: str) -> Records:
    """Ask for a domain's records; raises `NoAnswer`."""
    spf = [each for each in _texts(domain) if each.lower().startswith("v=spf1")]
    dmarc = next((each for each in _texts(f"_dmarc.{domain}") if each.lower().startswith("v=dmarc1")), "")
    return Records(spf[0] if spf else "", dmarc, _selector(domain), len(spf))


def _selector(domain: str) -> str:
    """The first well-known selector with a key; a key that was withdrawn has an empty `p`."""
    for each in SELECTORS:
        for text in _texts(f"{each}._domainkey.{domain}"):
            key = dict(part.strip().partition("=")[::2] for part in text.split(";"))
            if key.get("p", "").strip():
                return each
    return ""


def _texts(name: str) -> list[str]:
    """The TXT records of a name, each as one text; none where there is no such name."""
    import dns.exception  # fifty modules, which whoever looks at no mail domain starts without
    import dns.resolver

    try:
        found = dns.resolver.resolve(name, "TXT", lifetime=SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError) as error:
        raise NoAnswer(type(error).__name__) from error
    return [b"".join(each.strings).decode("utf-8", "replace") for each in found]
