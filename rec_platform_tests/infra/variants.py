"""`python -m rec_platform_tests.infra.variants FOLDER`: the stack in its variants, in one process.

The CDK takes seconds to load, so the variants share it.
"""

import sys
from pathlib import Path

DOMAIN = {"domain": "films.example.com", "hosted_zone": "Z0123456789"}
VARIANTS: dict[str, dict[str, str]] = {
    "url": {},
    "url-domain": DOMAIN,
    "api": {"front_door": "http_api", "site_package": "image"},
    "api-domain": DOMAIN | {"front_door": "http_api"},
}


def main(folder: Path, package: Path) -> None:
    from infra.app import build
    from infra.settings import InfraSettings

    for name, choices in VARIANTS.items():
        settings = InfraSettings.model_validate(
            {"region": "us-east-1", "email": "operator@example.com", **choices}
        )
        build(settings, package, folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
