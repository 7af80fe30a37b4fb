"""Print the two secrets that a new installation needs: `python -m settings`."""

from settings import fresh_keys

print(f"\n{fresh_keys()}", end="")  # below a file whose last line may have no end
