"""Stored files by content: a row says who put what where, the bytes lie in a folder by their hash."""

from engine.files.content import Content, TooLarge, put
from engine.files.kind import is_inline, type_of
from engine.files.models import StoredFile
from engine.files.store import (
    LIMIT_BYTES,
    adopt,
    check_reference,
    clean_name,
    copy_file,
    delete,
    find_file,
    is_reference,
    may_read,
    open_content,
    reference,
    references_in,
    store,
)
from engine.files.sweep import SWEEP, sweep

__all__ = [
    "LIMIT_BYTES",
    "SWEEP",
    "Content",
    "StoredFile",
    "TooLarge",
    "adopt",
    "check_reference",
    "clean_name",
    "copy_file",
    "delete",
    "find_file",
    "is_inline",
    "is_reference",
    "may_read",
    "open_content",
    "put",
    "reference",
    "references_in",
    "store",
    "sweep",
    "type_of",
]
