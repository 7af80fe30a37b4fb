"""A mail server: `python -m bench.sink PORT FILE` counts by the length of FILE, and keeps one as FILE.eml."""

import asyncio
import sys
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP


class Sink:
    """Takes every mail."""

    def __init__(self, counted: Path) -> None:
        self._counted = counted.open("ab", buffering=0)
        self._one = counted.with_suffix(".eml")

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Count it."""
        if not self._one.exists():
            self._one.write_bytes(envelope.content)
        self._counted.write(b".")
        return "250 thrown away"


async def main(port: int, counted: Path) -> None:
    """Serve for ever."""
    sink = Sink(counted)
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(sink), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
