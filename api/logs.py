"""How the log reads: a line of JSON for each record, on stdout.

Standard library only, for it is set up before anything else is imported. What is logged of each
request is in access.py.
"""

import json
import logging
import sys
import time
from typing import Any


class JsonLines(logging.Formatter):
    """A record as one line of JSON; one whose message is a dict brings its own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        told: Any = record.msg
        if not isinstance(told, dict):
            told = {"message": record.getMessage()}
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "time": f"{at}.{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps({**line, **told})


def log_to_stdout() -> None:
    """Send this process's log to stdout, a line of JSON each: what a container is expected to do.

    On Lambda this replaces the runtime's handler, which writes lines of its own form.
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in ("api", "rec_platform"):
        logging.getLogger(name).setLevel(logging.INFO)
