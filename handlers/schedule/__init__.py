"""What is due for a booking and when; alerts; what is written onto the scheduler's booking."""
