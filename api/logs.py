"""The form of the log: a line of JSON for each record, on stdout.

Imports only the standard library, because it is set up before anything else is imported. What is
logged about each request belongs in access.py.
"""

import json
import logging
import sys
import time
from typing import Any


class JsonLines(logging.Formatter):
    """A record as one line of JSON; a message that is a dict adds its own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without a newline at its end."""
        fields: Any = record.msg
        if not isinstance(fields, dict):
            fields = {"message": record.getMessage()}
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "time": f"{at}.{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps({**line, **fields})


def log_to_stdout() -> None:
    """Send this process's log to stdout, as a container should; each record is a line of JSON.

    On Lambda this replaces the runtime's handler, which writes lines in its own form.
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in (__name__.rpartition(".")[0], "rec_platform"):  # this package, and the platform
        logging.getLogger(name).setLevel(logging.INFO)
