"""Dongui: is this person the rightful holder of this document? With consent, a receipt, and no face kept.

The public names are loaded when first used: ``import dongui`` opens no model and no database.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dongui.biometrics.cards import ModelCard, cards
    from dongui.biometrics.operating_points import OperatingPoint, operating_points
    from dongui.capture import Capture
    from dongui.confinement import Confined, Confinement, InProcess
    from dongui.consent.events import ConsentEvent, History
    from dongui.consent.fields import Localised
    from dongui.consent.ledger import Ledger
    from dongui.consent.notice import Notice
    from dongui.consent.profile import load_profile
    from dongui.consent.purpose import Party, Purpose, RegisteredPurpose
    from dongui.consent.receipt import ConsentReceipt
    from dongui.consent.registration import register
    from dongui.desk import ControllerEntry, Desk, LoggedConsent, create_desk
    from dongui.desk.card_reading import read_card
    from dongui.desk.cards import CardRoom
    from dongui.desk.trust_folder import TrustLimits, load_trust
    from dongui.documents.authenticated import AuthenticatedDocument, HolderBinding
    from dongui.documents.authenticating import HolderEvidence, authenticate
    from dongui.documents.document_trust import DocumentTrust, PassportTrust, SdJwtTrust, StaffCardTrust
    from dongui.documents.mdoc.authority import Authority, DocumentSigner
    from dongui.documents.mdoc.certificates import AuthorityProfile
    from dongui.documents.mdoc.document_data import (
        LICENCE,
        STAFF,
        DocumentData,
        DocumentKind,
        read_document_data,
    )
    from dongui.documents.mdoc.holder import Holder, HolderMethod
    from dongui.documents.mdoc.issuing import DigestAlgorithm, ValidityPeriod, issue
    from dongui.documents.mdoc.signing_algorithms import SigningAlgorithm
    from dongui.documents.passport.chip.access_keys import AccessSecret
    from dongui.documents.passport.chip_evidence import ChipEvidence, ChipProof
    from dongui.documents.passport.files import LdsFiles
    from dongui.documents.passport.packing import pack_passport
    from dongui.documents.recognising import Kind, recognise
    from dongui.documents.remarks import Remark, remarks
    from dongui.documents.staff_card.register import CardRegister
    from dongui.documents.status import StatusEvidence
    from dongui.documents.trust import TrustAnchors
    from dongui.documents.trust.csca import CscaAnchors
    from dongui.documents.trust.revocation_list import RevocationLists
    from dongui.environment import Clock, Entropy, FixedClock, SystemClock, SystemEntropy
    from dongui.errors import (
        DonguiError,
        Failure,
        Misuse,
        Refused,
        Trouble,
        Unanswered,
        Undetermined,
        failures,
    )
    from dongui.log.checkpoint import VerifiedCheckpoint
    from dongui.log.entry import Entry
    from dongui.log.interface import Log
    from dongui.log.keys import SignerKey, VerifierKey
    from dongui.log.proofs import ConsistencyProof, InclusionProof
    from dongui.memory import SecretBuffer
    from dongui.readers.passport_chip import PassportReading, list_readers, read_passport
    from dongui.receipts.bundle import ReceiptBundle
    from dongui.receipts.checking import LogEvidence, TrustedCheckpoint, VerifiedReceipt, check_receipt
    from dongui.receipts.description import Description, describe_receipt
    from dongui.receipts.keys import OperatorKeys
    from dongui.receipts.qr import QrCode, make_code
    from dongui.receipts.rendering import render_html, render_text
    from dongui.receipts.salts import Disclosure
    from dongui.receipts.statement import Channel, Controller, Outcome, Statement
    from dongui.receipts.trusting import read_trusted
    from dongui.session import (
        ConsumedSession,
        Handover,
        OpenID4VPHandover,
        QrHandover,
        Redemption,
        Session,
        SessionStore,
        open_session,
    )
    from dongui.verification import Verification, verify

__version__ = "0.1.0"

_HOMES = {
    "LICENCE": "dongui.documents.mdoc.document_data",
    "STAFF": "dongui.documents.mdoc.document_data",
    "AccessSecret": "dongui.documents.passport.chip.access_keys",
    "AuthenticatedDocument": "dongui.documents.authenticated",
    "Authority": "dongui.documents.mdoc.authority",
    "AuthorityProfile": "dongui.documents.mdoc.certificates",
    "Capture": "dongui.capture",
    "CardRegister": "dongui.documents.staff_card.register",
    "CardRoom": "dongui.desk.cards",
    "Channel": "dongui.receipts.statement",
    "ChipEvidence": "dongui.documents.passport.chip_evidence",
    "ChipProof": "dongui.documents.passport.chip_evidence",
    "Clock": "dongui.environment",
    "Confined": "dongui.confinement",
    "Confinement": "dongui.confinement",
    "ConsentEvent": "dongui.consent.events",
    "ConsentReceipt": "dongui.consent.receipt",
    "ConsistencyProof": "dongui.log.proofs",
    "ConsumedSession": "dongui.session",
    "Controller": "dongui.receipts.statement",
    "ControllerEntry": "dongui.desk",
    "CscaAnchors": "dongui.documents.trust.csca",
    "Description": "dongui.receipts.description",
    "Desk": "dongui.desk",
    "DigestAlgorithm": "dongui.documents.mdoc.issuing",
    "Disclosure": "dongui.receipts.salts",
    "DocumentData": "dongui.documents.mdoc.document_data",
    "DocumentKind": "dongui.documents.mdoc.document_data",
    "DocumentSigner": "dongui.documents.mdoc.authority",
    "DocumentTrust": "dongui.documents.document_trust",
    "DonguiError": "dongui.errors",
    "Entropy": "dongui.environment",
    "Entry": "dongui.log.entry",
    "Failure": "dongui.errors",
    "FixedClock": "dongui.environment",
    "Handover": "dongui.session",
    "History": "dongui.consent.events",
    "Holder": "dongui.documents.mdoc.holder",
    "HolderBinding": "dongui.documents.authenticated",
    "HolderEvidence": "dongui.documents.authenticating",
    "HolderMethod": "dongui.documents.mdoc.holder",
    "InProcess": "dongui.confinement",
    "InclusionProof": "dongui.log.proofs",
    "Kind": "dongui.documents.recognising",
    "LdsFiles": "dongui.documents.passport.files",
    "Ledger": "dongui.consent.ledger",
    "Localised": "dongui.consent.fields",
    "Log": "dongui.log.interface",
    "LogEvidence": "dongui.receipts.checking",
    "LoggedConsent": "dongui.desk",
    "Misuse": "dongui.errors",
    "ModelCard": "dongui.biometrics.cards",
    "Notice": "dongui.consent.notice",
    "OpenID4VPHandover": "dongui.session",
    "OperatingPoint": "dongui.biometrics.operating_points",
    "OperatorKeys": "dongui.receipts.keys",
    "Outcome": "dongui.receipts.statement",
    "Party": "dongui.consent.purpose",
    "PassportReading": "dongui.readers.passport_chip",
    "PassportTrust": "dongui.documents.document_trust",
    "Purpose": "dongui.consent.purpose",
    "QrCode": "dongui.receipts.qr",
    "QrHandover": "dongui.session",
    "ReceiptBundle": "dongui.receipts.bundle",
    "Redemption": "dongui.session",
    "Refused": "dongui.errors",
    "RegisteredPurpose": "dongui.consent.purpose",
    "Remark": "dongui.documents.remarks",
    "RevocationLists": "dongui.documents.trust.revocation_list",
    "SdJwtTrust": "dongui.documents.document_trust",
    "SecretBuffer": "dongui.memory",
    "Session": "dongui.session",
    "SessionStore": "dongui.session",
    "SignerKey": "dongui.log.keys",
    "SigningAlgorithm": "dongui.documents.mdoc.signing_algorithms",
    "StaffCardTrust": "dongui.documents.document_trust",
    "Statement": "dongui.receipts.statement",
    "StatusEvidence": "dongui.documents.status",
    "SystemClock": "dongui.environment",
    "SystemEntropy": "dongui.environment",
    "Trouble": "dongui.errors",
    "TrustAnchors": "dongui.documents.trust",
    "TrustLimits": "dongui.desk.trust_folder",
    "TrustedCheckpoint": "dongui.receipts.checking",
    "Unanswered": "dongui.errors",
    "Undetermined": "dongui.errors",
    "ValidityPeriod": "dongui.documents.mdoc.issuing",
    "Verification": "dongui.verification",
    "VerifiedCheckpoint": "dongui.log.checkpoint",
    "VerifiedReceipt": "dongui.receipts.checking",
    "VerifierKey": "dongui.log.keys",
    "authenticate": "dongui.documents.authenticating",
    "cards": "dongui.biometrics.cards",
    "check_receipt": "dongui.receipts.checking",
    "create_desk": "dongui.desk",
    "describe_receipt": "dongui.receipts.description",
    "failures": "dongui.errors",
    "issue": "dongui.documents.mdoc.issuing",
    "list_readers": "dongui.readers.passport_chip",
    "load_profile": "dongui.consent.profile",
    "load_trust": "dongui.desk.trust_folder",
    "make_code": "dongui.receipts.qr",
    "open_session": "dongui.session",
    "operating_points": "dongui.biometrics.operating_points",
    "pack_passport": "dongui.documents.passport.packing",
    "read_card": "dongui.desk.card_reading",
    "read_document_data": "dongui.documents.mdoc.document_data",
    "read_passport": "dongui.readers.passport_chip",
    "read_trusted": "dongui.receipts.trusting",
    "recognise": "dongui.documents.recognising",
    "register": "dongui.consent.registration",
    "remarks": "dongui.documents.remarks",
    "render_html": "dongui.receipts.rendering",
    "render_text": "dongui.receipts.rendering",
    "verify": "dongui.verification",
}

__all__ = [
    "LICENCE",
    "STAFF",
    "AccessSecret",
    "AuthenticatedDocument",
    "Authority",
    "AuthorityProfile",
    "Capture",
    "CardRegister",
    "CardRoom",
    "Channel",
    "ChipEvidence",
    "ChipProof",
    "Clock",
    "Confined",
    "Confinement",
    "ConsentEvent",
    "ConsentReceipt",
    "ConsistencyProof",
    "ConsumedSession",
    "Controller",
    "ControllerEntry",
    "CscaAnchors",
    "Description",
    "Desk",
    "DigestAlgorithm",
    "Disclosure",
    "DocumentData",
    "DocumentKind",
    "DocumentSigner",
    "DocumentTrust",
    "DonguiError",
    "Entropy",
    "Entry",
    "Failure",
    "FixedClock",
    "Handover",
    "History",
    "Holder",
    "HolderBinding",
    "HolderEvidence",
    "HolderMethod",
    "InProcess",
    "InclusionProof",
    "Kind",
    "LdsFiles",
    "Ledger",
    "Localised",
    "Log",
    "LogEvidence",
    "LoggedConsent",
    "Misuse",
    "ModelCard",
    "Notice",
    "OpenID4VPHandover",
    "OperatingPoint",
    "OperatorKeys",
    "Outcome",
    "Party",
    "PassportReading",
    "PassportTrust",
    "Purpose",
    "QrCode",
    "QrHandover",
    "ReceiptBundle",
    "Redemption",
    "Refused",
    "RegisteredPurpose",
    "Remark",
    "RevocationLists",
    "SdJwtTrust",
    "SecretBuffer",
    "Session",
    "SessionStore",
    "SignerKey",
    "SigningAlgorithm",
    "StaffCardTrust",
    "Statement",
    "StatusEvidence",
    "SystemClock",
    "SystemEntropy",
    "Trouble",
    "TrustAnchors",
    "TrustLimits",
    "TrustedCheckpoint",
    "Unanswered",
    "Undetermined",
    "ValidityPeriod",
    "Verification",
    "VerifiedCheckpoint",
    "VerifiedReceipt",
    "VerifierKey",
    "authenticate",
    "cards",
    "check_receipt",
    "create_desk",
    "describe_receipt",
    "failures",
    "issue",
    "list_readers",
    "load_profile",
    "load_trust",
    "make_code",
    "open_session",
    "operating_points",
    "pack_passport",
    "read_card",
    "read_document_data",
    "read_passport",
    "read_trusted",
    "recognise",
    "register",
    "remarks",
    "render_html",
    "render_text",
    "verify",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'dongui' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
