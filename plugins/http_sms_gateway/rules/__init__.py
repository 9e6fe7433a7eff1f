"""What an administrator said of a provider, and what follows from it. No database, no network, no clock."""

from plugins.http_sms_gateway.rules.answers import calling_region, each_at, judge, parse_body, said_at
from plugins.http_sms_gateway.rules.filling import Filled, fill, secrets_named
from plugins.http_sms_gateway.rules.profile import Profile, Receipts, Replies, mode_of
from plugins.http_sms_gateway.rules.reading import read_profile
from plugins.http_sms_gateway.rules.signing import Signature, is_genuine, is_recent

__all__ = [
    "Filled",
    "Profile",
    "Receipts",
    "Replies",
    "Signature",
    "calling_region",
    "each_at",
    "fill",
    "is_genuine",
    "is_recent",
    "judge",
    "mode_of",
    "parse_body",
    "read_profile",
    "said_at",
    "secrets_named",
]
