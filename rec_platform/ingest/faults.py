"""What went wrong with a request, in plain words, and whether it can help to ask again."""

import socket
import ssl
from typing import TypeVar

import requests
from requests.exceptions import InvalidHeader, InvalidSchema, InvalidURL, MissingSchema
from urllib3.exceptions import HTTPError, LocationValueError, ReadTimeoutError
from urllib3.exceptions import InvalidHeader as UnreadableHeader
from urllib3.util.retry import Retry

NOT_AN_ADDRESS = (InvalidURL, InvalidSchema, MissingSchema, InvalidHeader, LocationValueError)
UNKNOWN_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
# What Python's ssl says of a server that does not speak TLS, by version of OpenSSL.
NO_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"}
LATER = {408, 425, 429}  # of the answers below 500, those that may be another one in a while
NEVER = {501, 505}  # of the others, those that will stay

Cause = TypeVar("Cause", bound=BaseException)


class OddAnswerError(Exception):
    """The server gave an answer that cannot be used; it says which."""

    def __init__(self, text: str, is_permanent: bool = False) -> None:
        super().__init__(text)
        self.is_permanent = is_permanent


FAULTS = (requests.RequestException, HTTPError, OddAnswerError)


def is_permanent(error: Exception) -> bool:
    """Whether asking again would only get the same answer."""
    if isinstance(error, OddAnswerError):
        return error.is_permanent
    if status := _status(error):
        return status in NEVER if status >= 500 else status not in LATER
    name = _cause(error, socket.gaierror)
    return (
        isinstance(error, (requests.TooManyRedirects, *NOT_AN_ADDRESS))
        or _cause(error, ssl.SSLCertVerificationError) is not None
        or _speaks_no_tls(error)
        or (name is not None and name.errno in UNKNOWN_NAME)
    )


def reason(error: Exception) -> str:
    """Why a request failed."""
    if status := _status(error):
        return f"the server answers {status}"
    if isinstance(error, requests.TooManyRedirects):
        return "the server redirects from one address to the next without end"
    if isinstance(error, NOT_AN_ADDRESS):
        return f"this is no address that can be asked, or the server redirects to one ({error})"
    if isinstance(error, requests.Timeout) or _cause(error, ReadTimeoutError):
        return "the server stopped answering"
    if isinstance(error, requests.exceptions.ProxyError):
        return (
            "the proxy that HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names cannot be used "
            f"({_innermost(error)})"
        )
    return _cause_in_words(error) or _connection_in_words(error)


def _cause_in_words(error: Exception) -> str:
    if certificate := _cause(error, ssl.SSLCertVerificationError):
        return f"the server's certificate is not valid ({certificate.verify_message})"
    if _speaks_no_tls(error):
        return "the server does not speak HTTPS here"
    if name := _cause(error, socket.gaierror):
        return f"the server's name cannot be looked up ({name.strerror})"
    return ""


def _connection_in_words(error: Exception) -> str:
    if isinstance(error, requests.exceptions.SSLError) or not isinstance(
        error, requests.ConnectionError | HTTPError
    ):
        return str(error)
    is_begun = isinstance(error, HTTPError) or "aborted" in str(error)
    return "the connection was lost" if is_begun else "the server cannot be reached"


def _speaks_no_tls(error: Exception) -> bool:
    tls = _cause(error, ssl.SSLError)
    return tls is not None and tls.reason in NO_TLS


def asked_pause(error: Exception) -> float:
    """The seconds for which the server asks to be left alone, by Retry-After; 0 without it."""
    if not isinstance(error, requests.HTTPError) or error.response is None:
        return 0
    try:
        return Retry().parse_retry_after(error.response.headers.get("Retry-After", "0"))
    except (UnreadableHeader, ValueError, OverflowError):  # a year, or a number, beyond all bounds
        return 0


def _status(error: Exception) -> int:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return error.response.status_code
    return 0


def _cause(error: BaseException | None, kind: type[Cause]) -> Cause | None:
    """The error of a kind that led to this one."""
    while error and not isinstance(error, kind):
        error = error.__context__
    return error


def _innermost(error: BaseException) -> BaseException:
    """The error that led to all others."""
    return _innermost(error.__context__) if error.__context__ else error
