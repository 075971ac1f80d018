"""Why a file could not be had from its source.

Apart from download.py, so that whoever handles these errors does not load `requests`.
"""


class SourceMissingError(Exception):
    """The source has no such file; the text says how the source reported it."""


class SourceFailedError(Exception):
    """The source could not be read to its end; the text says why and what to do."""


class SourceBusyError(SourceFailedError):
    """The source does not answer now and may do so later."""


class SizeUnknownError(SourceFailedError):
    """The source answers and does not tell how large its file is."""


class UnsoundFileError(Exception):
    """A file is not what IMDb's file should be; the text says what is wrong, and where."""


class UnsoundRowError(UnsoundFileError):
    """A row is not what it should be."""
