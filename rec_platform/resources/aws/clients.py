# pyright: standard
"""What the AWS resources share: clients that retry and count, and errors that say what to do.

boto3 is imported when the first client is made: the import takes a second, and the local deployment
does not install boto3. What is asked of AWS does not belong here (see s3.py, athena.py,
sagemaker.py).
"""

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config

ATTEMPTS = 8  # standard mode: up to 1, 2, 4, ... 20 s apart, about a minute in all

CREDENTIALS = "sign in again (`aws sso login`), or set AWS_PROFILE to a profile that works"
PERMISSION = 'compare the role\'s policy with "Least privilege" in docs/aws.md'
CROWDED = (
    f"AWS is overloaded or asks to go slower, {ATTEMPTS} times in a row: run the refresh again "
    "later, and what is done is not done again"
)
REGION = "set AWS_REGION to the region of the bucket"
FIXES = {
    **dict.fromkeys(
        (
            *("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"),
            *("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"),
            *("InvalidAccessKeyId", "SignatureDoesNotMatch", "UnrecognizedClientException"),
            *("InvalidClientTokenId", "InvalidSignatureException", "ProfileNotFound"),
            *("SSOTokenLoadError", "UnauthorizedSSOTokenError", "TokenRetrievalError"),
        ),
        CREDENTIALS,
    ),
    **dict.fromkeys(
        ("AccessDenied", "AccessDeniedException", "403", "UnauthorizedOperation"), PERMISSION
    ),
    **dict.fromkeys(
        (
            *("SlowDown", "Throttling", "ThrottlingException", "TooManyRequestsException"),
            *("RequestLimitExceeded", "ServiceUnavailable", "InternalError", "InternalFailure"),
            *("InternalServerException", "ServiceUnavailableException", "500", "502", "503", "504"),
        ),
        CROWDED,
    ),
    **dict.fromkeys(
        ("NoRegionError", "PermanentRedirect", "301", "AuthorizationHeaderMalformed"), REGION
    ),
    **dict.fromkeys(
        (
            *("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError"),
            *("ConnectionClosedError", "ProxyConnectionError", "SSLError"),
            *("ResponseStreamingError", "IncompleteReadError", "RetriesExceededError"),
        ),
        "look at the network, the proxy and AWS_REGION, then run it again",
    ),
    **dict.fromkeys(
        ("NoSuchBucket", "404"), "create the bucket, or set REC_ROOT to one that exists"
    ),
    **dict.fromkeys(
        ("ConditionalRequestConflict", "OperationAborted", "409"),
        "another process keeps writing the same object: see who else works in this root, and run "
        "it again",
    ),
    "ResourceLimitExceeded": "ask for a higher limit in Service Quotas, or choose another instance "
    "type with REC_SAGEMAKER_INSTANCE_TYPE",
}


# Operations that change nothing. An upload that is given up changes nothing but itself.
READS = ("Get", "BatchGet", "Head", "List", "Describe", "AbortMultipartUpload")


class Clients:
    """The AWS clients of one resource, each made when it is first needed.

    Args:
        guard: called before each request that changes something in AWS, retries included. What it
            raises is raised instead of the request.

    Attributes:
        requests: how many requests of each operation were sent. Retries count: they are billed.
    """

    def __init__(self, guard: Callable[[], None] | None = None) -> None:
        self.requests: Counter[str] = Counter()
        self._guard = guard
        self._clients: dict[str, Any] = {}
        self._making = threading.Lock()  # boto3's sessions are not thread-safe; its clients are

    @cached_property
    def session(self) -> "boto3.Session":
        """The session behind all clients; credentials and region come from the environment."""
        import boto3

        # botocore reads AWS_DEFAULT_REGION alone. AWS's other SDKs, and Lambda, use AWS_REGION.
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or None
        session = boto3.Session(region_name=region)
        session.events.register("before-send", self._before_send)
        return session

    def __call__(self, service: str) -> Any:
        """The client of a service, for example `s3`."""
        with self._making:
            if service not in self._clients:
                self._clients[service] = self.session.client(service, config=client_config())
            return self._clients[service]

    def _before_send(self, event_name: str, **_: Any) -> None:
        operation = event_name.removeprefix("before-send.")
        if self._guard and not operation.partition(".")[2].startswith(READS):
            self._guard()
        self.requests[operation] += 1


def client_config() -> "Config":
    """How clients behave: standard retries with backoff, and timeouts."""
    from botocore.config import Config

    return Config(
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        connect_timeout=10,
        read_timeout=60,
        user_agent_extra="rec-platform",
    )


def error_code(error: BaseException) -> str:
    """AWS's code for a refused request (`AccessDenied`), or the class of any other error."""
    response = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code") or type(error).__name__)


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn an error that outlasted the retries into a failure that says what to do.

    Args:
        what: what could not be done, as the beginning of a sentence.

    Raises:
        dg.Failure: AWS refused, or could not be reached.
    """
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
    from s3transfer.exceptions import RetriesExceededError  # of a download, cut again and again

    try:
        yield
    except (BotoCoreError, ClientError, HTTPClientError, RetriesExceededError) as error:
        reason = f"{what} ({str(error).rstrip('.')})"
        fix = FIXES.get(error_code(error))
        raise dg.Failure(f"{reason}: {fix}" if fix else reason, allow_retries=False) from error
