"""Reads the model that SageMaker's K-Means leaves: centroids in an MXNet file in an archive."""

import io
import struct
import tarfile

import numpy as np

LIST_MAGIC = 0x112
# The first word of an array tells its layout: see NDArray::Load in MXNet's src/ndarray/ndarray.cc.
V1, V2, V3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
TYPES = {0: "<f4", 1: "<f8"}


def read_centroids(archive: bytes) -> np.ndarray:
    """The centroids in `model.tar.gz`, one row each.

    Raises:
        ValueError: it is no archive with such a model.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
            (member, *_) = (name for name in opened.getnames() if "model_algo" in name)
            content = opened.extractfile(member)
            return read_first_array(content.read() if content else b"")
    except tarfile.TarError as error:
        raise ValueError(str(error)) from None


def read_first_array(content: bytes) -> np.ndarray:
    """The first array of a file that `mx.nd.save` wrote.

    Raises:
        ValueError: it is no such file, or holds anything but dense floats.
    """
    try:
        magic, _, count, word = struct.unpack_from("<QQQI", content)
        if magic != LIST_MAGIC or count < 1:
            raise ValueError("it is no list of MXNet arrays")
        place = 28
        if word in (V2, V3):
            (storage,) = struct.unpack_from("<i", content, place)
            if storage not in (-1, 0):
                raise ValueError("its array is sparse")
            place += 4
        if word in (V1, V2, V3):
            (dimensions,) = struct.unpack_from("<I", content, place)
            shape = struct.unpack_from(f"<{dimensions}q", content, place + 4)
            place += 4 + 8 * dimensions
        else:  # older files start with the number of dimensions, each of four bytes
            shape = struct.unpack_from(f"<{word}I", content, place)
            place += 4 * word
        _, _, kind = struct.unpack_from("<iii", content, place)
        values = np.frombuffer(content, TYPES[kind], int(np.prod(shape)), place + 12)
    except (struct.error, KeyError) as error:
        raise ValueError(f"its array cannot be read: {error}") from None
    return values.reshape(shape).astype("float64")
