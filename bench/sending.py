"""Mails as fast as one connection takes them: `python -m bench.sending PORT FILE COUNT` prints seconds."""

import smtplib
import sys
import time
from pathlib import Path


def main(port: int, mail: bytes, count: int) -> float:
    """Send the same mail so many times; returns seconds."""
    with smtplib.SMTP("127.0.0.1", port) as wire:
        began = time.perf_counter()
        for _ in range(count):
            wire.sendmail("a@clinic.example", ["b@client.example"], mail)
        return time.perf_counter() - began


if __name__ == "__main__":
    print(main(int(sys.argv[1]), Path(sys.argv[2]).read_bytes(), int(sys.argv[3])))
