# pyright: standard
"""Runs statements on Athena: each once, within a time limit, in a workgroup that has a limit."""

import hashlib
import json
import re
import time
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import dagster as dg

from rec_platform.resources.aws.clients import client_config, explained
from rec_platform.resources.aws.s3 import S3Storage

OLD_SECONDS = 2  # a failed query that was sent so long before was not sent by this run
LEAST_BILLED_BYTES = 10_000_000  # of a query, however little it reads


class QueryFailedError(Exception):
    """A query failed or was cancelled.

    Attributes:
        reason: Athena's own.
        query_id: Athena's name of the query.
        is_old: whether an earlier run asked it, and Athena only remembered that it had failed.
    """

    def __init__(self, reason: str, query_id: str, is_old: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.query_id = query_id
        self.is_old = is_old


class Execution(NamedTuple):
    """A query that succeeded."""

    query_id: str
    scanned_bytes: int
    seconds: float


class QueryRunner:
    """One workgroup and one database.

    Args:
        storage: where Athena puts results, below `queries/`.
        database: Glue's database.
        workgroup: Athena's workgroup.
        max_gigabytes: the most that the workgroup may let one query scan.
        max_seconds: a query that takes longer is stopped.
        poll_seconds: between two looks at a query.

    Attributes:
        billed_bytes: what the queries so far scanned, with the least that Athena bills for each.
    """

    def __init__(
        self,
        storage: S3Storage,
        database: str,
        workgroup: str,
        max_gigabytes: float,
        max_seconds: float,
        poll_seconds: float,
    ) -> None:
        self.billed_bytes = 0
        self._storage = storage
        self._database = database
        self._workgroup = workgroup
        self._max_bytes = max_gigabytes * 1e9
        self._max_seconds = max_seconds
        self._poll_seconds = poll_seconds
        self._is_limited = False
        self._asked_at = 0.0
        self._last: list[str] = []

    def execute(self, statement: str) -> Execution:
        """Run a statement, once: asked again, Athena answers with the same query.

        Raises:
            QueryFailedError: it failed or was cancelled.
            dg.Failure: it took too long, or AWS could not be asked.
        """
        self._require_limit()
        from pyathena.error import Error

        self._last = started = list[str]()
        deadline = time.monotonic() + self._max_seconds
        try:
            self._run(statement, started, deadline)
        except Error as error:
            if error.__cause__ is not None:  # not the query's own failure
                with explained("Athena could not be asked"):
                    raise error.__cause__ from None
        except TimeoutError:
            self._stop(started)
            raise dg.Failure(
                f"the query {started[0]} was stopped after {self._max_seconds:,.0f} s: look at it "
                "in Athena's history, or allow more with REC_ATHENA_MAX_SECONDS"
            ) from None
        except BaseException:  # the run is stopped
            with suppress(dg.Failure):
                self._stop(started)
            raise
        finally:
            self._remove_results(started)
        return self._outcome(started[0])

    def failure(self, error: QueryFailedError, what: str) -> dg.Failure:
        """Say what to do about a query that failed.

        Args:
            error: how it failed.
            what: the table it was to make, or its first line.
        """
        fix = "look at the query in Athena's history"
        if re.search("bytes scanned", error.reason, re.IGNORECASE):
            fix = f"raise the limit of the workgroup {self._workgroup}, if that much is meant"
        elif re.search("cancel", error.reason, re.IGNORECASE):
            fix = "somebody stopped it: run the refresh again"
        return dg.Failure(f"{what}: Athena says {error.reason!r} of {error.query_id}: {fix}")

    def stop_last(self) -> None:
        """Stop the last query; where it has ended, this changes nothing, and proves the right."""
        self._stop(self._last)

    def limit(self) -> tuple[str, str]:
        """The workgroup's limit on one query, and what to do where it is missing or too high."""
        athena = self._storage.clients("athena")
        try:
            group = athena.get_work_group(WorkGroup=self._workgroup)["WorkGroup"]
        except athena.exceptions.InvalidRequestException:
            limit = f"BytesScannedCutoffPerQuery={self._max_bytes:.0f}"
            create = f"aws athena create-work-group --name {self._workgroup} --configuration "
            create += f"EnforceWorkGroupConfiguration=false,{limit}"
            return "not been made", f"run `{create}`, or set REC_ATHENA_WORKGROUP"
        settings = group["Configuration"]
        limit = settings.get("BytesScannedCutoffPerQuery")
        change = f"aws athena update-work-group --work-group {self._workgroup} "
        if group.get("State") == "DISABLED":
            return "been disabled", f"run `{change}--state ENABLED`"
        if settings.get("EnforceWorkGroupConfiguration"):
            change += "--configuration-updates EnforceWorkGroupConfiguration=false"
            return "settings that override where tables are written", f"run `{change}`"
        if not limit or limit > self._max_bytes:
            current = f"a limit of {limit / 1e9:.1f} GB a query" if limit else "no limit a query"
            change += f"--configuration-updates BytesScannedCutoffPerQuery={self._max_bytes:.0f}"
            return current, f"run `{change}`, or set REC_ATHENA_MAX_GIGABYTES"
        return f"a limit of {limit / 1e9:.1f} GB a query", ""

    def _require_limit(self) -> None:
        """Refuse a workgroup in which one query may scan any amount."""
        if self._is_limited:
            return
        with explained(f"the workgroup {self._workgroup} could not be looked up"):
            current, fix = self.limit()
        if fix:
            raise dg.Failure(f"the workgroup {self._workgroup} has {current}: {fix}")
        self._is_limited = True

    def _run(self, statement: str, started: list[str], deadline: float) -> None:
        from pyathena import connect
        from pyathena.util import RetryConfig

        def heed_deadline(_: Any) -> None:
            if time.monotonic() > deadline:
                raise TimeoutError

        with (
            connect(
                session=self._session(),
                config=client_config(),
                retry_config=RetryConfig(attempt=1),  # boto3 does it
                region_name=self._session().region_name,
                work_group=self._workgroup,
                schema_name=self._database,
                s3_staging_dir=self._storage.address("queries/"),
                poll_interval=self._poll_seconds,
                on_start_query_execution=started.append,
                on_poll=heed_deadline,
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

    def _session(self) -> Any:
        """The session of the clients, whose requests for a query carry a token of their content."""
        session = self._storage.clients.session
        for event, handler in (
            ("provide-client-params.athena.StartQueryExecution", self._give_token),
            ("after-call.athena.StartQueryExecution", self._note_time),
        ):
            session.events.register(event, handler, unique_id=f"rec-platform-{event}")
        return session

    def _give_token(self, params: dict[str, Any], **_: Any) -> dict[str, Any]:
        # Of all that is asked: Athena refuses a token that comes back with anything else changed.
        asked = json.dumps(params, sort_keys=True).encode()
        return params | {"ClientRequestToken": hashlib.sha256(asked).hexdigest()}

    def _note_time(self, http_response: Any, **_: Any) -> None:
        if date := http_response.headers.get("date"):
            self._asked_at = parsedate_to_datetime(date).timestamp()

    def _outcome(self, query_id: str) -> Execution:
        with explained(f"the query {query_id} could not be looked up"):
            answer = self._storage.clients("athena").get_query_execution(QueryExecutionId=query_id)
        status, figures = answer["QueryExecution"]["Status"], answer["QueryExecution"]["Statistics"]
        scanned = int(figures.get("DataScannedInBytes", 0))
        if status["State"] != "FAILED":  # the one kind that is free
            self.billed_bytes += max(scanned, LEAST_BILLED_BYTES)
        if status["State"] != "SUCCEEDED":
            reason = status.get("StateChangeReason") or status["State"].lower()
            # The token of a query that failed leads to it again, for as long as Athena knows it.
            is_old = status["SubmissionDateTime"].timestamp() < self._asked_at - OLD_SECONDS
            raise QueryFailedError(reason, query_id, is_old)
        return Execution(query_id, scanned, figures.get("TotalExecutionTimeInMillis", 0) / 1000)

    def _stop(self, started: list[str]) -> None:
        for query_id in started:
            with explained(f"the query {query_id} could not be stopped"):
                self._storage.clients("athena").stop_query_execution(QueryExecutionId=query_id)

    def _remove_results(self, started: list[str]) -> None:
        """Remove what Athena writes beside the answer of each query, even of one that failed."""
        for name in self._storage.names("queries") if started else ():
            if name.startswith(started[0]):
                self._storage.delete(f"queries/{name}")
