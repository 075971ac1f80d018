"""The Lambda handler: a leaf that nothing imports. What the site does is in app.py."""

import os
from pathlib import Path

from mangum import Mangum

from api.app import create_app

# Lifespan events would start and stop the app on every call, and it has nothing to start.
handler = Mangum(create_app(Path(os.environ["REC_ROOT"]) / "releases"), lifespan="off")
