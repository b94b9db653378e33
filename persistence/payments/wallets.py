"""Wallets of players: a payload to sign, the proof, the link.

Owns the order: the payload is taken first and is gone whatever becomes of the proof, so none is ever looked at twice;
then the proof is verified; then Postgres links; then an application that was connected from the chat hears that its
link has ended, if its bridge answers.  Must never link what was not proved.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from chance_tap.settings import Settings
from persistence.chain import ProvenWallet
from persistence.errors import ErrorCode, GameError, StoreUnavailable
from persistence.postgres import wallets
from persistence.postgres.pool import Database
from persistence.postgres.wallets import Wallet
from persistence.redis.store import RedisStore
from persistence.ton.bridge import BridgeSession, disconnect
from persistence.ton.proof import Proof, ProofRefused, verify
from persistence.ton.toncenter import Toncenter

KEEP_SESSION_S: Final = 90 * 86_400
"""How long an application can be notified that its wallet is unlinked."""
_SESSION: Final = "session"


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the wallet is to sign, and until when."""

    payload: str
    expires_ms: int


class Wallets:
    """Every method may raise StoreUnavailable."""

    def __init__(self, live: RedisStore, db: Database, toncenter: Toncenter, settings: Settings) -> None:
        self._live = live
        self._db = db
        self._toncenter = toncenter
        self._settings = settings

    async def challenge(self, user_id: int) -> Challenge:
        """A fresh payload, good for one proof by this user.

        Raises:
            GameError: forbidden, when no domain is set up for wallets.
        """
        self._refuse_when_off()
        life_s = self._settings.ton_proof_s
        payload = await self._live.proofs.make(user_id, life_s)
        return Challenge(payload, self._live.now_ms() + life_s * 1000)

    async def link(self, user_id: int, proof: Proof) -> ProvenWallet:
        """Link the wallet, in place of the one before.

        Raises:
            GameError: forbidden (switched off), invalid_request (the proof does not hold; the details name the
                field), conflict (the wallet is linked to another account).
        """
        self._refuse_when_off()
        settings = self._settings
        if not await self._live.proofs.take(user_id, proof.payload):
            raise _refused(ProofRefused("proof.payload", "was used, is too old, or is not yours"))
        try:
            proven = await verify(
                proof,
                domains=settings.ton_connect_domains,
                network=settings.ton_network,
                now_s=self._live.now_ms() / 1000,
                max_age_s=settings.ton_proof_s,
                get_public_key=self._toncenter.public_key,
            )
        except ProofRefused as refused:
            raise _refused(refused) from None
        status = await wallets.link(self._db, user_id, proven)
        if status != "ok":
            raise GameError(ErrorCode(status))
        await self._disconnect_application(user_id)
        return proven

    async def link_from_chat(self, user_id: int, proof: Proof, session: BridgeSession) -> ProvenWallet:
        """`link`, for an application that is connected to the bot: it is notified when that was in vain, and when the
        link has ended."""
        try:
            proven = await self.link(user_id, proof)
        except StoreUnavailable:  # it may have been linked
            raise
        except GameError:
            await disconnect(session)
            raise
        with suppress(StoreUnavailable):
            await self._live.wallet_sessions.keep(user_id, _SESSION, session.dump(), for_s=KEEP_SESSION_S)
        return proven

    async def unlink(self, user_id: int) -> None:
        """End the link, and notify the application if it was connected from the chat; repeated: nothing happens."""
        await wallets.unlink(self._db, user_id)
        await self._disconnect_application(user_id)

    async def _disconnect_application(self, user_id: int) -> None:
        with suppress(StoreUnavailable):  # the link has ended all the same
            session = await self._live.wallet_sessions.take(user_id, _SESSION)
            if session is not None:
                await disconnect(BridgeSession.load(session))

    async def linked(self, user_id: int) -> Wallet | None:
        """The wallet linked to the account now."""
        return await wallets.linked(self._db, user_id)

    def _refuse_when_off(self) -> None:
        if not self._settings.ton_connect_domains:
            raise GameError(ErrorCode.FORBIDDEN)


def _refused(refused: ProofRefused) -> GameError:
    fields = [{"field": refused.field, "problem": refused.problem}]
    return GameError(ErrorCode.INVALID_REQUEST, {"fields": fields})
