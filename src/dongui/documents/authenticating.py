"""Step 2 of the main path for any kind: from bytes somebody holds out to an authenticated document."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Never, NewType, Self

from dongui.documents.authenticated import AuthenticatedDocument
from dongui.documents.recognising import Kind, kind_of_type, recognise, require_known
from dongui.errors import Refused

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    from dongui.documents.document_trust import DocumentTrust
    from dongui.documents.passport.chip_evidence import ChipEvidence
    from dongui.documents.passport.files import LdsFiles
    from dongui.documents.staff_card.register import CardRegister
    from dongui.environment import Clock

__all__ = ["BoundDocument", "HolderEvidence", "authenticate", "passport_files", "require_bound"]

BoundDocument = NewType("BoundDocument", AuthenticatedDocument)
"""A document whose holder something is known of, if only *bearer*. Only :func:`require_bound` makes one."""


@dataclass(frozen=True, slots=True)
class HolderEvidence:
    """What shows that a document is in its holder's hands, kind by kind; ``None`` where there is nothing.

    ``transcript`` and ``reader_key`` (for a MAC) are the session's, for a mobile document; ``nonce`` and
    ``audience`` the request's, as they stand in it, for an SD-JWT credential; ``chip`` is what a reader of
    this verifier proved of a passport's chip. It is a reader's word: never take it from whoever holds out the
    document.
    """

    transcript: bytes | None = field(repr=False)
    reader_key: EllipticCurvePrivateKey | None = field(repr=False)
    nonce: str | None = field(repr=False)
    audience: str | None
    chip: ChipEvidence | None

    @classmethod
    def none(cls) -> Self:
        """Nobody is being verified: the document is only looked at."""
        return cls(None, None, None, None, None)


def authenticate(
    data: bytes | memoryview,
    *,
    trust: DocumentTrust,
    clock: Clock,
    holder: HolderEvidence,
    cards: CardRegister | None = None,
) -> AuthenticatedDocument:
    """Authenticate a document of the kind its bytes claim.

    Bytes: CBOR of a mobile document, an SD-JWT credential's text, a passport's files
    (:func:`passport_files`), the text of a card's code. ``cards`` is the site's register; without it a card
    of ours is not registered. Raises what the kind's own function raises: ``Refused``, ``Undetermined``,
    ``Trouble``; ``Misuse`` as :meth:`.DocumentTrust.part_for`; ``Refused``:
    ``document.kind-unknown``, ``document.type-of-another-kind``.
    """
    kind = recognise(data)
    require_known(data)
    document = _authenticate(kind, data, trust.part_for(kind), clock, holder, cards)
    own = kind_of_type(document.document_type)
    if own not in (None, kind):
        # The attack: whoever may issue credentials of one kind writes another kind's type into one. A purpose
        # names the types it accepts, and would take it for what only the other kind's issuers may vouch for.
        raise Refused("document.type-of-another-kind", f"a document of kind {kind} bears a type of {own}'s")
    return document


def _authenticate(
    kind: Kind,
    data: bytes | memoryview,
    part: DocumentTrust,
    clock: Clock,
    holder: HolderEvidence,
    cards: CardRegister | None,
) -> AuthenticatedDocument:
    # Loaded by kind: whoever verifies licences alone pays for nothing else.
    if kind is Kind.PASSPORT:
        return _passport(data, part, clock, holder)
    if kind is Kind.SD_JWT:
        return _sd_jwt(data, part, clock, holder)
    if kind is Kind.STAFF_CARD:
        return _staff_card(data, part, clock, cards)
    return _mdoc(data, part, clock, holder)


def require_bound(document: AuthenticatedDocument) -> BoundDocument:
    """Return the document if something ties it to whoever holds it out, if only that they do.

    Which bindings are enough is the purpose's to say. Raises ``Refused``: ``mdoc.holder-not-bound``,
    ``sd-jwt.holder-not-bound``, where a proof was to be had and was not given.
    """
    if document.kind == Kind.SD_JWT:
        from dongui.documents.sd_jwt import verifying as sd_jwt

        return BoundDocument(sd_jwt.require_bound(document))
    from dongui.documents.mdoc import verifying as mdoc

    return BoundDocument(mdoc.require_bound(document))


def passport_files(data: bytes | memoryview) -> LdsFiles:
    """Return a passport's files from a zip of them, or from a run of them that begins with EF.SOD.

    Raises ``Refused`` ``passport.*`` as :meth:`.LdsFiles.from_archive` and :func:`.packing.unpack_passport`.
    """
    from dongui.documents.passport.files import LdsFiles
    from dongui.documents.passport.packing import is_packed, unpack_passport

    content = bytes(data)
    return unpack_passport(content) if is_packed(content) else LdsFiles.from_archive(content)


def _mdoc(
    data: bytes | memoryview, trust: DocumentTrust, clock: Clock, holder: HolderEvidence
) -> AuthenticatedDocument:
    from dongui.documents.mdoc.verifying import authenticate as judge

    return judge(
        data,
        trust_anchors=trust.require_mdoc(),
        clock=clock,
        status=trust.status_for(Kind.MDOC),
        session_transcript=holder.transcript,
        reader_key=holder.reader_key,
    )


def _passport(
    data: bytes | memoryview, trust: DocumentTrust, clock: Clock, holder: HolderEvidence
) -> AuthenticatedDocument:
    from dongui.documents.document_trust import PassportTrust
    from dongui.documents.passport.passive_authentication import authenticate as judge
    from dongui.documents.trust.csca import CscaAnchors
    from dongui.documents.trust.revocation_list import RevocationLists

    believed = trust.passport or PassportTrust(CscaAnchors.none_given(), RevocationLists.none_given())
    return judge(
        passport_files(data),
        trust_anchors=believed.anchors,
        clock=clock,
        revocation=believed.revocation,
        chip=holder.chip,
    )


def _staff_card(
    data: bytes | memoryview, trust: DocumentTrust, clock: Clock, cards: CardRegister | None
) -> AuthenticatedDocument:
    from dongui.documents.staff_card import verifying as staff_card
    from dongui.documents.staff_card.cwt import StaffCardIssuers
    from dongui.documents.staff_card.text import CARD_PREFIX

    believed = trust.require_staff_card()
    issuers, status = StaffCardIssuers.from_files(believed.issuers), trust.status_for(Kind.STAFF_CARD)
    if believed.site_key is None or bytes(data[: len(CARD_PREFIX)]) != CARD_PREFIX.encode():
        # A token that is signed alone; an encrypted one is refused there by name, for want of a key.
        return staff_card.authenticate_claim_169(data, issuers=issuers, clock=clock, status=status)
    return staff_card.authenticate(
        data,
        issuers=issuers,
        site_key=believed.site_key,
        register=cards or _NoCards(),
        clock=clock,
        status=status,
    )


class _NoCards:
    """A site without a register: no card is registered with it."""

    def look_up(self, card_id: bytes) -> Never:
        del card_id
        raise Refused("staff-card.not-registered", "no register of cards was given")


def _sd_jwt(
    data: bytes | memoryview, trust: DocumentTrust, clock: Clock, holder: HolderEvidence
) -> AuthenticatedDocument:
    from dongui.documents.sd_jwt.issuer_keys import SdJwtIssuers
    from dongui.documents.sd_jwt.key_binding import KeyBindingExpectation
    from dongui.documents.sd_jwt.reading import read_presented
    from dongui.documents.sd_jwt.verifying import authenticate as judge

    believed = trust.require_sd_jwt()
    # Which types are accepted is the purpose's to say, in step 3, as for every kind: here, the one it claims.
    claimed = read_presented(data).payload.get("vct")
    issuers = SdJwtIssuers.from_files(
        believed.metadata,
        anchors=believed.anchors,
        accepted_types={claimed if isinstance(claimed, str) else ""},
    )
    expectation = None
    if holder.nonce is not None and holder.audience is not None:
        expectation = KeyBindingExpectation(holder.nonce, holder.audience)
    return judge(
        data,
        issuers=issuers,
        clock=clock,
        nonce_and_audience=expectation,
        status=trust.status_for(Kind.SD_JWT),
    )
