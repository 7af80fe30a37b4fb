"""The demonstration: one visit from booking to plan, on this machine, seen from outside."""
