"""What repeats a health answer beside a name is sealed: rules, severities, protocols, screens, reasons, steps

A value that does not open stays as it is; its row is named by `check`.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import context, op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

WORDS = {
    "plans": (("protocol", "reason"), ("id", "client_id", "version")),
    "intakes": (("step",), ("id", "client_id")),
    "intake_changes": (("step",), ("id", "intake_id")),
    "checkins": (("action",), ("id", "client_id", "kind")),
}
"""By table: the columns in clear, and what the values of a row are bound to."""
BATCH = 500
BOUND = b"\x01"


def upgrade() -> None:
    """Apply."""
    for table, (names, bound) in WORDS.items():
        for name in names:
            op.add_column(table, sa.Column(f"sealed_{name}", sa.LargeBinary(), nullable=True))
        for row in _rows(table, (*bound, *names)):
            sealed = {
                f"sealed_{name}": _seal(table, f"sealed_{name}", row[name], row, bound) for name in names
            }
            _write(table, row["id"], sealed | dict.fromkeys(names, ""))
        for name in names:
            op.drop_column(table, name)
    _flags()
    _alerts()


def _flags() -> None:
    """Rule and severity go into what is sealed already, which is bound to the rule no longer."""
    for row in _rows("flags", ("id", "client_id", "rule", "severity", "sealed_flag", "sealed_basis")):
        values: dict[str, Any] = {"rule": str(row["id"]), "severity": ""}
        flag, basis = (_open(name, row) for name in ("sealed_flag", "sealed_basis"))
        if flag is not None:
            said = json.loads(flag) | {"rule": row["rule"], "severity": row["severity"]}
            values["sealed_flag"] = _seal("flags", "sealed_flag", said, row, ("id", "client_id"))
        if basis is not None:
            place = _place("flags", "sealed_basis", row, ("id", "client_id"))
            values["sealed_basis"] = _vault().seal(basis, place)
        _write("flags", row["id"], values)
    with op.batch_alter_table("flags") as batch:
        batch.drop_constraint("uq_flags_booking_id_client_id_rule", type_="unique")
        batch.drop_column("rule")
        batch.drop_column("severity")
        batch.create_index("ix_flags_booking_id", ["booking_id"])


def _alerts() -> None:
    """A code stands for the reason of an alert: `12:alert:soon-w1-worse-again1:email:7.0`."""
    for row in _rows("deliveries", ("id", "key", "client_id", "purpose")):
        if row["purpose"] == "alert":
            booking, purpose, cause, *rest = row["key"].split(":")
            key = ":".join((booking, purpose, _coded(cause, row["client_id"] or 0), *rest))
            _write("deliveries", row["id"], {"key": key})


def _coded(cause: str, client_id: int) -> str:
    """All but how soon it is to be looked at, and how often it was sent again."""
    soon = "soon-" if cause.startswith("soon-") else ""
    name, again, number = cause.removeprefix("soon-").partition("-again")
    code = name if cause.startswith("again") else _vault().codes(f"alert:{client_id}:{name}")[0]
    return f"{soon}{code}{again}{number}"


def _rows(table: str, names: tuple[str, ...]) -> Iterator[Mapping[str, Any]]:
    columns: list[Any] = [sa.column(name) for name in names]
    query = sa.select(*columns).select_from(sa.table(table)).order_by(sa.column("id")).limit(BATCH)
    last = 0
    while found := op.get_bind().execute(query.where(sa.column("id") > last)).mappings().all():
        yield from map(dict, found)
        last = found[-1]["id"]


def _write(table: str, row_id: int, values: Mapping[str, Any]) -> None:
    target = sa.table(table, sa.column("id"), *(sa.column(name) for name in values))
    op.get_bind().execute(sa.update(target).where(target.c.id == row_id).values(**values))


def _vault() -> Any:
    return context.config.attributes["vault"]


def _place(table: str, name: str, row: Mapping[str, Any], bound: tuple[str, ...]) -> str:
    return f"{table}.{name}:{json.dumps([row[each] for each in bound])}"


def _seal(table: str, name: str, value: Any, row: Mapping[str, Any], bound: tuple[str, ...]) -> bytes:
    plain = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    sealed: bytes = _vault().seal(plain, _place(table, name, row, bound))
    return sealed


def _open(name: str, row: Mapping[str, Any]) -> bytes | None:
    """A sealed value of a flag; None where there is none, or it does not open."""
    sealed = row[name]
    if not sealed:
        return None
    try:
        if bytes(sealed[:1]) == BOUND:
            opened: bytes = _vault().open(sealed, _place("flags", name, row, ("id", "client_id", "rule")))
        elif _may_be_unbound():
            opened = _vault().open_unbound(sealed)
        else:
            return None
    except Exception as broken:
        if type(broken).__name__ != "SealBroken":  # migrations import nothing of the application
            raise
        return None
    return opened


def _may_be_unbound() -> bool:
    return op.get_bind().execute(sa.text("SELECT 1 FROM unbound")).first() is not None
