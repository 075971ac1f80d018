# Two images from one file: `site`, the default, is what Lambda runs; `pipeline` refreshes releases.
#
#   docker build --provenance=false -t rec-platform-site .
#   docker build --provenance=false -t rec-platform-pipeline --target pipeline .
#
# Without --provenance=false the engine adds an attestation, and Lambda refuses such an image.
# rec_platform_tests/test_image.py runs the same steps into empty folders, without an engine.

# Dependabot moves the digest.
FROM python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b AS base
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN useradd --create-home --uid 10001 platform
WORKDIR /app


FROM base AS pipeline
COPY requirements/uv.txt requirements/aws.txt requirements/
# pip asks for a hash of every extra by its own name, which the lock file does not have.
RUN pip install --require-hashes -r requirements/uv.txt \
    && uv pip install --no-cache --python "$(command -v python)" --require-hashes -r requirements/aws.txt
COPY pyproject.toml README.md LICENSE ./
COPY sql sql
COPY api api
COPY rec_platform rec_platform
RUN pip install --no-deps --no-build-isolation . \
    && mkdir /data \
    && chown 10001 /data
USER 10001
# All that is written goes to these folders. The rest may be read-only.
ENV REC_ROOT=/data REC_SCRATCH_DIR=/data/scratch DAGSTER_HOME=/data/dagster
RUN rec-platform --help && python -c "from rec_platform.definitions import define; define()"
ENTRYPOINT ["rec-platform"]
CMD ["refresh"]


FROM base AS site
COPY requirements/site.txt requirements/
RUN pip install --require-hashes --target . -r requirements/site.txt && python -m compileall -q .
COPY api api
COPY rec_platform rec_platform
RUN python -m compileall -q api rec_platform
USER 10001
ENV REC_ROOT=/data
RUN python -c "import api.handler, awslambdaric"
ENTRYPOINT ["python", "-m", "awslambdaric"]
CMD ["api.handler.handler"]
