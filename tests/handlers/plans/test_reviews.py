"""Sign-off: a review belongs to one file and its text, has an end, and counts for nothing else."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.context import Context
from handlers.plans import reviews
from handlers.plans.reviews import CannotSign
from library import signable
from schemas.review import Why
from schemas.staff import Staff
from store import audit, staff
from store import reviews as stored
from tests.helpers.clinic import NOW
from tests.helpers.console import account
from tests.helpers.content import CONTENT, change

CLAM, BRIDGE = "exercises/act_clam.toml", "exercises/act_bridge.toml"
A_YEAR = timedelta(days=365)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A clinic's own content."""
    return Path(shutil.copytree(CONTENT, tmp_path / "content"))


def mara(context: Context) -> Staff:
    """Somebody with a credential."""
    made = account(context)
    with context.db.read() as tx:
        found = staff.get(tx, made)
    assert found is not None
    return found


def sign(context: Context, folder: Path, who: Staff, *files: str, **more: object) -> None:
    """Sign files as they are now."""
    known = signable.hashes(folder)
    with context.db.begin() as tx:
        reviews.sign(tx, folder, {file: known.get(file, "") for file in files}, who, NOW, **more)  # type: ignore[arg-type]


def why(context: Context, folder: Path, file: str, at: timedelta = timedelta()) -> Why | None:
    """Why a file counts as unreviewed, some time after the signature."""
    with context.db.read() as tx:
        known = reviews.standing(tx, signable.hashes(folder), NOW + at)
        unsigned = stored.unsigned(tx, signable.hashes(folder), NOW + at)
    found = next(one for one in known if one.file == file)
    assert (file in unsigned) == (found.why is not None) == (found.state == "unreviewed")
    return found.why


def test_a_signature_is_for_one_file_in_one_language_and_for_a_year(context: Context, folder: Path) -> None:
    assert why(context, folder, CLAM) is Why.new
    sign(context, folder, mara(context), CLAM)
    assert why(context, folder, CLAM) is None
    assert why(context, folder, BRIDGE) is why(context, folder, f"es/{CLAM}") is Why.new
    assert why(context, folder, CLAM, A_YEAR - timedelta(seconds=1)) is None
    assert why(context, folder, CLAM, A_YEAR) is Why.expired


def test_a_changed_file_is_unreviewed_again_and_the_same_text_is_not(context: Context, folder: Path) -> None:
    before = (folder / CLAM).read_bytes()
    sign(context, folder, mara(context), CLAM)
    (folder / CLAM).write_bytes(before + b"# a word\n")
    assert why(context, folder, CLAM) is Why.changed
    (folder / CLAM).write_bytes(before)
    assert why(context, folder, CLAM) is None


def test_a_second_signature_counts_longest_and_both_are_kept(context: Context, folder: Path) -> None:
    who = mara(context)
    sign(context, folder, who, CLAM)
    sign(context, folder, who, CLAM, until=NOW + timedelta(days=3), note="Only with a band.")
    assert why(context, folder, CLAM, timedelta(days=9)) is None
    with context.db.read() as tx:
        assert [one.note for one in stored.every(tx)] == ["", "Only with a band."]
        assert [line.action for line in audit.log(tx)].count("sign_content") == 2


def _leaves(who: Staff, context: Context) -> Staff:
    with context.db.begin() as tx:
        staff.set_active(tx, who.id, NOW, active=False)
        left = staff.get(tx, who.id)
    assert left is not None
    return left


def _has_no_credential(_who: Staff, context: Context) -> Staff:
    with context.db.begin() as tx:
        made = staff.add(tx, "desk@care.test", "Desk", " ", (), "en", "", NOW)
        found = staff.get(tx, made)
    assert found is not None
    return found


@pytest.mark.parametrize("spoil", [_leaves, _has_no_credential])
def test_only_an_open_account_with_a_credential_signs(
    context: Context, folder: Path, spoil: Callable[[Staff, Context], Staff]
) -> None:
    with pytest.raises(CannotSign, match="credential"):
        sign(context, folder, spoil(mara(context), context), CLAM)
    assert why(context, folder, CLAM) is Why.new


@pytest.mark.parametrize(
    "file", ["clinic.toml", "es/glossary.toml", "README.md", "../app.py", "exercises/nobody.toml", ""]
)
def test_what_is_no_content_is_not_signed_and_nothing_beside_it(
    context: Context, folder: Path, file: str
) -> None:
    with pytest.raises(CannotSign, match="no file of the content"):
        sign(context, folder, mara(context), CLAM, file)
    assert why(context, folder, CLAM) is Why.new


def test_what_was_changed_after_it_was_shown_is_not_signed(context: Context, folder: Path) -> None:
    shown, who = signable.hashes(folder)[CLAM], mara(context)
    change(folder, CLAM, "id = ", "# now\nid = ")
    with pytest.raises(CannotSign, match="changed"), context.db.begin() as tx:
        reviews.sign(tx, folder, {CLAM: shown}, who, NOW)
    with pytest.raises(CannotSign, match="ahead"):
        sign(context, folder, who, CLAM, until=NOW)


@given(st.text(max_size=40))
def test_every_file_has_one_language(name: str) -> None:
    assert signable.language_of(f"rules/{name}.toml") == "en"
    assert signable.language_of(f"es/{name}.toml") == "es"


def test_every_file_that_a_clinic_reads_can_be_signed_also_one_that_only_aftercare_has(folder: Path) -> None:
    (folder / "doses.toml").unlink()
    (folder / "exercises/act_clam.toml").unlink()
    found = signable.hashes(folder)
    assert found["doses.toml"] == signable.hashes(CONTENT)["doses.toml"]
    assert "exercises/act_clam.toml" not in found
    assert {signable.language_of(file) for file in found} == {"en", "es", "ar"}
