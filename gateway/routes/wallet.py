"""/wallet: link a TON wallet with a proof that it is the caller's, or unlink it.  /me shows the one that is linked."""

from typing import Final

from gateway.rate_limits import LINKED_WALLETS
from gateway.rest.endpoint import Call, Endpoint
from gateway.schemas.rest import Nothing
from gateway.schemas.wallet import LinkWallet, ProofChallenge, WalletAnswer
from persistence.errors import ErrorCode
from persistence.ton.proof import Proof

PATH: Final = "/api/v1/wallet"


async def make_challenge(call: Call) -> ProofChallenge:
    call.services.rates.proof.take(call.claims.user_id)
    challenge = await call.services.wallets.challenge(call.user_id)
    return ProofChallenge(challenge.payload, challenge.expires_ms)


async def link_wallet(call: Call) -> WalletAnswer:
    """Link the wallet in place of the one before.  A payload is good for one try: after a refusal get a new one."""
    body: LinkWallet = call.body
    call.services.rates.proof.take(call.claims.user_id)
    proven = await call.services.wallets.link(
        call.user_id,
        Proof(
            address=body.address,
            network=body.network,
            public_key=body.public_key,
            state_init=body.state_init,
            timestamp=int(body.proof.timestamp),
            domain=body.proof.domain.value,
            domain_bytes=body.proof.domain.length_bytes,
            signature=body.proof.signature,
            payload=body.proof.payload,
        ),
    )
    return WalletAnswer(proven.address, has_ton_wallet=True)


async def unlink_wallet(call: Call) -> WalletAnswer:
    """Unlink; repeated: the same answer.  What was linked is kept in the books."""
    await call.services.wallets.unlink(call.user_id)
    return WalletAnswer(None, has_ton_wallet=False)


ENDPOINTS = [
    Endpoint(
        method="POST",
        path=f"{PATH}/proof",
        handler=make_challenge,
        summary="A payload for the wallet to sign, good once",
        body=Nothing,
        body_optional=True,
        answer=ProofChallenge,
    ),
    Endpoint(
        method="PUT",
        path=PATH,
        handler=link_wallet,
        lasting=LINKED_WALLETS,
        summary="Link the wallet that signed the payload",
        body=LinkWallet,
        answer=WalletAnswer,
        codes=(ErrorCode.CONFLICT,),
    ),
    Endpoint(
        method="DELETE",
        path=PATH,
        handler=unlink_wallet,
        summary="Unlink the wallet",
        answer=WalletAnswer,
    ),
]
