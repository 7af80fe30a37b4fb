"""What a browser is asked for a passkey, and whether what it gives holds: the part that the library does.

`passkeys` imports this once one is used: formats of certificates that few devices send take a tenth of a
second, which every start and every command of an operator does without.
"""

import struct
from collections.abc import Callable, Iterable

import webauthn
from cryptography.exceptions import UnsupportedAlgorithm
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import (
    base64url_to_bytes,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from handlers.staff.passkeys import Site
from schemas.staff import Passkey, Staff

MOST_BYTES = 16 * 1024
BROKEN = (
    *(WebAuthnException, ValueError, LookupError, TypeError, AttributeError, OverflowError),
    *(RecursionError, MemoryError, struct.error, UnsupportedAlgorithm),
)
"""What a credential that is none makes of the library."""


def to_make(here: Site, clinic: str, who: Staff, known: Iterable[Passkey], challenge: bytes) -> str:
    """What the browser needs to make a passkey, as JSON; `known` are those that this person has."""
    made = webauthn.generate_registration_options(
        rp_id=here.host,
        rp_name=clinic,
        user_name=who.email,
        user_display_name=who.name,
        user_id=str(who.id).encode(),
        challenge=challenge,
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(each.credential_id)) for each in known
        ],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
    )
    return webauthn.options_to_json(made)


def to_sign(here: Site, challenge: bytes) -> str:
    """What the browser needs to ask for any passkey of this address, as JSON."""
    made = webauthn.generate_authentication_options(
        rp_id=here.host, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
    )
    return webauthn.options_to_json(made)


def made(here: Site, given: str, is_ours: Callable[[bytes], object]) -> VerifiedRegistration | None:
    """A passkey that a device has made; None for a challenge that is not ours. Raises `BROKEN`."""
    credential = parse_registration_credential_json(given[:MOST_BYTES])
    challenge = parse_client_data_json(credential.response.client_data_json).challenge
    if not is_ours(challenge):
        return None
    return webauthn.verify_registration_response(
        credential=credential,
        expected_challenge=challenge,
        expected_rp_id=here.host,
        expected_origin=here.origin,
        require_user_verification=True,
    )


def parsed(given: str) -> tuple[AuthenticationCredential, bytes]:
    """What a device has signed, and the challenge in it. Raises `BROKEN`."""
    credential = parse_authentication_credential_json(given[:MOST_BYTES])
    return credential, parse_client_data_json(credential.response.client_data_json).challenge


def verified(
    here: Site, credential: AuthenticationCredential, challenge: bytes, key: Passkey
) -> VerifiedAuthentication:
    """That this passkey has signed it. Raises `BROKEN`."""
    return webauthn.verify_authentication_response(
        credential=credential,
        expected_challenge=challenge,
        expected_rp_id=here.host,
        expected_origin=here.origin,
        credential_public_key=key.public_key,
        credential_current_sign_count=key.sign_count,
        require_user_verification=True,
    )
