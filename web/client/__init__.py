"""What a client sees: the intake, the plan, check-ins, and the way to stop messages."""
