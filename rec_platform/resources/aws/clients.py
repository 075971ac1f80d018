"""What the AWS parts share: clients that retry and count, and errors that say what to do.

boto3 is imported when the first client is made: it takes a second, and the local deployment does
not install it. What is asked of AWS does not belong here (see storage.py, warehouse.py,
clustering.py).
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import dagster as dg

from rec_platform.resources.base import Finding

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config

ATTEMPTS = 8  # standard mode: up to 1, 2, 4, ... 20 s apart, about a minute in all

CREDENTIALS = "sign in again (`aws sso login`), or set AWS_PROFILE to a profile that works"
PERMISSION = "compare the role's policy with docs/aws.md"
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
    "ResourceLimitExceeded": "ask for a higher limit in Service Quotas, or choose another instance "
    "type with REC_SAGEMAKER_INSTANCE_TYPE",
}


class Clients:
    """The AWS clients of one part, each made when first asked for.

    Attributes:
        requests: how many of each operation were sent, retries included, for they are billed too.
    """

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self._clients: dict[str, Any] = {}
        self._making = threading.Lock()  # boto3's sessions are not thread-safe; its clients are

    @cached_property
    def session(self) -> "boto3.Session":
        """The session behind all of them; credentials and region come from the environment."""
        import boto3

        session = boto3.Session()
        session.events.register("before-send", self._count)
        return session

    def __call__(self, service: str) -> Any:
        """The client of a service, `s3` say."""
        with self._making:
            if service not in self._clients:
                self._clients[service] = self.session.client(service, config=client_config())
            return self._clients[service]

    def _count(self, event_name: str, **_: Any) -> None:
        self.requests[event_name.removeprefix("before-send.")] += 1


def client_config() -> "Config":
    """How clients behave: standard retries with backoff, and no endless wait."""
    from botocore.config import Config

    return Config(
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        connect_timeout=10,
        read_timeout=60,
        user_agent_extra="rec-platform",
    )


def error_code(error: BaseException) -> str:
    """AWS's code of a refused request (`AccessDenied`), or the class of any other error."""
    response = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code") or type(error).__name__)


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn an answer that no retry helped into a failure that says what to do.

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


def look(what: str, check: Callable[[], tuple[str, str]]) -> Finding:
    """Do one check of `rec-platform doctor`.

    Args:
        what: what is looked at.
        check: looks, and returns what it found and the fix, which is empty where all is well.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return Finding(what, *check())
    except dg.Failure as failure:
        return Finding(what, "not as it must be", str(failure.description))
    except (BotoCoreError, ClientError) as error:
        return Finding(what, str(error), FIXES.get(error_code(error), "look it up in docs/aws.md"))
