"""Receipts and readings of the scheduler, folded into bookings."""
