"""The door for other plug-ins: one call over HTTP within the fence, and the secrets of the environment."""

from plugins.http.rules import is_expected, is_header_name, is_header_value, may_pass, without
from plugins.http.services import Answer, Call, call, read_secret, target_of
from plugins.http.services.call import NotReached, TooLarge
from plugins.http.services.fence import NotResolved, Refused

__all__ = [
    "Answer",
    "Call",
    "NotReached",
    "NotResolved",
    "Refused",
    "TooLarge",
    "call",
    "is_expected",
    "is_header_name",
    "is_header_value",
    "may_pass",
    "read_secret",
    "target_of",
    "without",
]
