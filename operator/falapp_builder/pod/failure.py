"""How a step of a build fails: one exception, with a word and a sentence."""

from enum import StrEnum


class Reason(StrEnum):
    """The reasons that the operator knows, as in the conditions of an Environment."""

    PACKAGE_NOT_FOUND = "PackageNotFound"
    RESOLUTION_IMPOSSIBLE = "ResolutionImpossible"
    INVALID_REQUIREMENT = "InvalidRequirement"
    HASH_MISMATCH = "HashMismatch"
    NO_MATCHING_WHEEL = "NoMatchingWheel"
    ACCESS_DENIED = "AccessDenied"
    INDEX_UNREACHABLE = "IndexUnreachable"
    COMPILE_FAILED = "CompileFailed"
    INSTALL_FAILED = "InstallFailed"
    OUT_OF_MEMORY = "OutOfMemory"
    DISK_FULL = "DiskFull"
    BASE_IMAGE_UNUSABLE = "BaseImageUnusable"
    BUILD_FAILED = "BuildFailed"
    PUSH_DENIED = "PushDenied"
    PUBLISH_FAILED = "PublishFailed"
    REGISTRY_UNREACHABLE = "RegistryUnreachable"
    SOURCE_NOT_FOUND = "SourceNotFound"
    SOURCE_UNREACHABLE = "SourceUnreachable"


class Failure(Exception):  # noqa: N818 - what the status of an object calls it
    """A step cannot go on.

    Attributes:
        reason: The word.
        message: The sentence: what, and the way out. It holds no credentials.
        log: The output that led here, without credentials; may be empty.
    """

    def __init__(self, reason: Reason, message: str, log: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.log = log
