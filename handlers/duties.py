"""What the worker does by the clock, beside receipts and deliveries."""

from datetime import datetime, timedelta

from handlers import reconcile
from handlers.house import House
from store import receipts


def run(house: House, now: datetime) -> None:
    """Everything whose time has come; cheap when nothing has."""
    reconcile.all_due(house, now)
    forget(house, now)


def forget(house: House, now: datetime) -> int:
    """Delete raw webhook bodies that are older than the clinic keeps them."""
    with house.db.begin() as tx:
        return receipts.forget_bodies(tx, now - timedelta(days=house.clinic.policy.body_days))
