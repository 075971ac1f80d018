"""What /metrics reports, in Prometheus' text format: requests, their durations, the release.

The figures are those of this process since it started. access.py counts the requests.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import accumulate

from rec_platform.release.lookup import Lookup

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
METHODS = ("GET", "HEAD", "OPTIONS")
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)  # seconds


class Metrics:
    """Counts of requests by method, route and status, and their durations by route."""

    def __init__(self) -> None:
        self._requests: defaultdict[tuple[str, str, int], int] = defaultdict(int)
        self._buckets: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (len(BUCKETS) + 1))
        self._seconds: defaultdict[str, float] = defaultdict(float)

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a response. Methods other than the known ones share one series."""
        self._requests[method if method in METHODS else "other", route, status] += 1
        self._buckets[route][bisect_left(BUCKETS, seconds)] += 1
        self._seconds[route] += seconds

    def text(self, release_id: str, lookup: Lookup | None) -> str:
        """All figures, with those of the release if one serves."""
        lines = [*self._request_lines(), *self._duration_lines()]
        if lookup:
            lines += _release_lines(release_id, lookup)
        return "\n".join(lines) + "\n"

    def _request_lines(self) -> Iterator[str]:
        yield from _head("rec_requests_total", "counter", "Requests answered.")
        for (method, route, status), count in sorted(self._requests.items()):
            labels = f'method="{method}",route="{route}",status="{status}"'
            yield f"rec_requests_total{{{labels}}} {count}"

    def _duration_lines(self) -> Iterator[str]:
        name = "rec_request_duration_seconds"
        yield from _head(name, "histogram", "From the request to the end of its answer.")
        for route, counts in sorted(self._buckets.items()):
            totals = list(accumulate(counts))
            for bound, total in zip((*BUCKETS, "+Inf"), totals, strict=True):
                yield f'{name}_bucket{{route="{route}",le="{bound}"}} {total}'
            yield f'{name}_sum{{route="{route}"}} {self._seconds[route]:.6f}'
            yield f'{name}_count{{route="{route}"}} {totals[-1]}'


def _release_lines(release_id: str, lookup: Lookup) -> Iterator[str]:
    facts = lookup.release
    yield from _head("rec_release_info", "gauge", "The release that serves.")
    labels = f'release_id="{release_id}",schema_version="{facts["schema_version"]}"'
    yield f"rec_release_info{{{labels}}} 1"
    yield from _head("rec_release_titles", "gauge", "Titles in the release that serves.")
    yield f"rec_release_titles {facts['title_count']}"
    created = datetime.fromisoformat(facts["created_at"]).timestamp()
    yield from _head("rec_release_created_timestamp_seconds", "gauge", "When it was built.")
    yield f"rec_release_created_timestamp_seconds {created:.0f}"


def _head(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"
