"""Whether the web process of this container answers `/readyz`: exit code 0, or 1."""

import sys
import urllib.error
import urllib.request

try:
    with urllib.request.urlopen("http://127.0.0.1:8000/readyz", timeout=5) as answer:
        sys.exit(answer.status != 200)
except (urllib.error.URLError, OSError) as error:
    print(error, file=sys.stderr)
    sys.exit(1)
