"""Print the two secrets that a new installation needs: `python -m settings`."""

from settings import fresh_keys

print(fresh_keys(), end="")
