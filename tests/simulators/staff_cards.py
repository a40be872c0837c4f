"""Staff cards issued by Dongui itself, with everything a test needs to judge them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dongui.documents.authenticated import AuthenticatedDocument
from dongui.documents.staff_card.cwt import StaffCardIssuers
from dongui.documents.staff_card.encryption import SiteKey
from dongui.documents.staff_card.issuing import StaffCard, StaffCardIssuer, issue
from dongui.documents.staff_card.register import CardRegister, OneCard, RegisteredCard
from dongui.documents.staff_card.verifying import authenticate
from dongui.documents.status import StatusEvidence, StatusReference
from dongui.environment import FixedClock, SystemEntropy

__all__ = ["AT", "CardOffice"]

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


class CardOffice:
    """An issuer with sites. Cards of it are registered one at a time, as a process judging one holds them."""

    def __init__(self, sites: int = 1) -> None:
        self.issuer = StaffCardIssuer("cards.saebom.example", Ed25519PrivateKey.generate())
        self.issuers = StaffCardIssuers({self.issuer.name: (self.issuer.key.public_key(),)})
        self.sites = [SiteKey.generate(entropy=SystemEntropy()) for _ in range(sites)]

    def issue(
        self,
        template: bytes = bytes(145),
        *,
        number: str = "E-10234",
        secret: bytes = bytes(32),
        status: StatusReference | None = None,
        days: int = 365,
    ) -> StaffCard:
        """Issue a card to every site."""
        return issue(
            number,
            template,
            secret=secret,
            issuer=self.issuer,
            sites=[site.public for site in self.sites],
            valid_for=timedelta(days=days),
            status=status,
            clock=FixedClock(AT),
            entropy=SystemEntropy(),
        )

    def judge(
        self,
        text: str,
        card: StaffCard,
        *,
        site: SiteKey | None = None,
        register: CardRegister | None = None,
        status: StatusEvidence | None = None,
        at: datetime = AT,
    ) -> AuthenticatedDocument:
        """Authenticate ``text`` at a site where ``card`` is registered."""
        return authenticate(
            text,
            issuers=self.issuers,
            site_key=site or self.sites[0],
            register=register or OneCard(RegisteredCard(card.card_id, bytes(32), card.valid_until)),
            clock=FixedClock(at),
            status=status or StatusEvidence.none(),
        )
