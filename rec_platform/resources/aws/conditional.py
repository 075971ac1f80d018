"""Conditional writes to S3: an object is written only if it is still the one that was read.

S3 refuses such a write in two ways. 412 (404 for a deleted object) says that the object is another
one. 409 says that another request was at work on it, and nothing about who won: S3 asks to read
again and to retry. boto3 retries neither.
"""

import time
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from rec_platform.resources.aws.clients import error_code

REFUSED = ("PreconditionFailed", "412")
CONFLICT = ("ConditionalRequestConflict", "OperationAborted", "409")
ABSENT = ("NoSuchKey", "404")
PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6)  # seconds; 3 s in all, well within a lease's third


class StoredObject(NamedTuple):
    """An object as it was read.

    Attributes:
        content: its bytes.
        etag: S3's name of this content.
        age: seconds since it was written, by S3's own clock.
    """

    content: bytes
    etag: str
    age: float


def read_object(client: Any, place: dict[str, str]) -> StoredObject | None:
    """An object, or None where there is none.

    Args:
        client: an S3 client.
        place: `Bucket` and `Key`.
    """
    try:
        answer = client.get_object(**place)
    except client.exceptions.ClientError as error:
        if error_code(error) in ABSENT:
            return None
        raise
    now = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    age = (now - answer["LastModified"]).total_seconds()
    return StoredObject(answer["Body"].read(), answer["ETag"], age)


def write_if(client: Any, place: dict[str, str], content: bytes, etag: str | None) -> str | None:
    """Write an object if it is still the one with this ETag, or if there still is none.

    Args:
        client: an S3 client.
        place: `Bucket` and `Key`.
        content: unlike what anybody else writes there.
        etag: of the object that was read; None if there was none.

    Returns:
        The new ETag, or None if somebody else has written or deleted the object.

    Raises:
        botocore.exceptions.ClientError: S3 refused for another reason, or conflicts did not end.
    """
    condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
    pauses = iter(PAUSES)
    while True:
        try:
            return client.put_object(**place, Body=content, **condition)["ETag"]
        except client.exceptions.ClientError as error:
            if error_code(error) not in (*REFUSED, *CONFLICT, *ABSENT):
                raise
            current = read_object(client, place)
            # If the answer to a write was lost, the retry is refused because of that same write.
            if current and current.content == content:
                return current.etag
            if (current.etag if current else None) != etag:
                return None
            pause = next(pauses, None)
            if pause is None:
                raise
        time.sleep(pause)


def delete_if(client: Any, place: dict[str, str], etag: str) -> None:
    """Delete an object if it is still the one with this ETag.

    Raises:
        botocore.exceptions.ClientError: S3 refused for another reason, or conflicts did not end.
    """
    pauses = iter(PAUSES)
    while True:
        try:
            client.delete_object(**place, IfMatch=etag)
            return
        except client.exceptions.ClientError as error:
            if error_code(error) in (*REFUSED, *ABSENT):
                return
            pause = next(pauses, None)
            if error_code(error) not in CONFLICT or pause is None:
                raise
        time.sleep(pause)
