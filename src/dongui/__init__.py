"""Dongui: is this person the rightful holder of this document? With consent, a receipt, and no face kept.

The public names are loaded when first used: ``import dongui`` opens no model and no database.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dongui.capture import Capture
    from dongui.confinement import Confinement, InProcess
    from dongui.desk import (
        ControllerEntry,
        Desk,
        LoggedConsent,
        create_desk,
    )
    from dongui.documents.authenticated import AuthenticatedDocument, HolderBinding
    from dongui.documents.mdoc.verifying import authenticate
    from dongui.documents.trust import TrustAnchors
    from dongui.environment import FixedClock, SystemClock, SystemEntropy
    from dongui.errors import (
        DonguiError,
        Misuse,
        Refused,
        Trouble,
        Unanswered,
        Undetermined,
        failures,
    )
    from dongui.memory import SecretBuffer
    from dongui.receipts.bundle import ReceiptBundle
    from dongui.receipts.checking import VerifiedReceipt, check_receipt
    from dongui.receipts.keys import OperatorKeys
    from dongui.receipts.statement import Channel, Outcome
    from dongui.session import OpenID4VPHandover, QrHandover
    from dongui.verification import Verification, verify

__version__ = "0.1.0"

_HOMES = {
    "AuthenticatedDocument": "dongui.documents.authenticated",
    "Capture": "dongui.capture",
    "Channel": "dongui.receipts.statement",
    "Confinement": "dongui.confinement",
    "ControllerEntry": "dongui.desk",
    "Desk": "dongui.desk",
    "DonguiError": "dongui.errors",
    "FixedClock": "dongui.environment",
    "HolderBinding": "dongui.documents.authenticated",
    "InProcess": "dongui.confinement",
    "LoggedConsent": "dongui.desk",
    "Misuse": "dongui.errors",
    "OpenID4VPHandover": "dongui.session",
    "OperatorKeys": "dongui.receipts.keys",
    "Outcome": "dongui.receipts.statement",
    "QrHandover": "dongui.session",
    "ReceiptBundle": "dongui.receipts.bundle",
    "Refused": "dongui.errors",
    "SecretBuffer": "dongui.memory",
    "SystemClock": "dongui.environment",
    "SystemEntropy": "dongui.environment",
    "Trouble": "dongui.errors",
    "TrustAnchors": "dongui.documents.trust",
    "Unanswered": "dongui.errors",
    "Undetermined": "dongui.errors",
    "Verification": "dongui.verification",
    "VerifiedReceipt": "dongui.receipts.checking",
    "authenticate": "dongui.documents.mdoc.verifying",
    "check_receipt": "dongui.receipts.checking",
    "create_desk": "dongui.desk",
    "failures": "dongui.errors",
    "verify": "dongui.verification",
}

__all__ = [
    "AuthenticatedDocument",
    "Capture",
    "Channel",
    "Confinement",
    "ControllerEntry",
    "Desk",
    "DonguiError",
    "FixedClock",
    "HolderBinding",
    "InProcess",
    "LoggedConsent",
    "Misuse",
    "OpenID4VPHandover",
    "OperatorKeys",
    "Outcome",
    "QrHandover",
    "ReceiptBundle",
    "Refused",
    "SecretBuffer",
    "SystemClock",
    "SystemEntropy",
    "Trouble",
    "TrustAnchors",
    "Unanswered",
    "Undetermined",
    "Verification",
    "VerifiedReceipt",
    "authenticate",
    "check_receipt",
    "create_desk",
    "failures",
    "verify",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'dongui' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
