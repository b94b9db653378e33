"""ton_proof: genuine ones of every kind of wallet pass, and each thing that may be wrong is refused by its name."""

import time
from base64 import b64encode
from dataclasses import replace

import pytest

from persistence.chain import ProvenWallet
from persistence.ton.proof import LONGEST_STATE_INIT, Proof, ProofRefused, verify
from persistence.ton.toncenter import ChainUnavailable
from tests.stand_ins.wallet import NETWORK_IDS, Wallet

NOW = 1_700_000_000
DOMAIN = "game.example"
PAYLOAD = "a1" * 32


def proof_of(wallet: Wallet, *, domain: str = DOMAIN, timestamp: int = NOW - 5, payload: str = PAYLOAD) -> Proof:
    signed = wallet.proof(payload, domain=domain, timestamp=timestamp)
    return Proof(
        address=wallet.address,
        network=str(NETWORK_IDS[wallet.network]),
        public_key=wallet.public_key,
        state_init=wallet.state_init,
        timestamp=timestamp,
        domain=domain,
        domain_bytes=len(domain.encode()),
        signature=signed["signature"],
        payload=payload,
    )


class Chain:
    """What `get_public_key` answers, and whether it was asked."""

    def __init__(self, key: str | None = None, *, away: bool = False) -> None:
        self.key = key
        self.away = away
        self.asked: list[str] = []

    async def public_key(self, address: str) -> bytes | None:
        self.asked.append(address)
        if self.away:
            raise ChainUnavailable("503")
        return None if self.key is None else bytes.fromhex(self.key)


async def check(proof: Proof, chain: Chain | None = None, network: str = "mainnet") -> ProvenWallet:
    return await verify(
        proof,
        domains=(DOMAIN, "other.example"),
        network="mainnet" if network == "mainnet" else "testnet",
        now_s=NOW,
        max_age_s=900,
        get_public_key=(chain or Chain()).public_key,
    )


async def refusal(proof: Proof, chain: Chain | None = None, network: str = "mainnet") -> str:
    with pytest.raises(ProofRefused) as refused:
        await check(proof, chain, network)
    return refused.value.field


@pytest.mark.parametrize("network", ["mainnet", "testnet"])
@pytest.mark.parametrize("version", ["v4r2", "v5r1"])
async def test_known_wallets_prove_themselves_without_the_chain(version: str, network: str) -> None:
    wallet = Wallet(3, version, network)  # type: ignore[arg-type]
    chain = Chain(away=True)

    proven = await check(proof_of(wallet), chain, network)

    assert proven == ProvenWallet(wallet.address, network, wallet.public_key)  # type: ignore[arg-type]
    assert chain.asked == []


async def test_the_library_used_in_tests_is_not_the_products(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signature of the right message by the right key, and of no other message."""
    wallet = Wallet(3)
    wrong = replace(proof_of(wallet), payload="b2" * 32)
    assert await refusal(wrong) == "proof"


async def test_an_unknown_wallets_key_is_the_chains_word() -> None:
    wallet = Wallet(4, "unknown")
    chain = Chain(wallet.public_key)
    assert (await check(proof_of(wallet), chain)).address == wallet.address
    assert chain.asked == [wallet.address]
    assert await refusal(proof_of(wallet), Chain(None)) == "proof"
    assert await refusal(proof_of(wallet), Chain(Wallet(5).public_key)) == "proof"


async def test_a_wallet_that_changed_its_key_is_asked_for_the_key_of_now() -> None:
    before, after = Wallet(6, "telegram"), Wallet(6, "telegram", rotated_seed=7)
    assert before.address == after.address
    chain = Chain(after.public_key)
    assert (await check(proof_of(after), chain)).public_key == after.public_key
    # The old key is in the state init for ever: it must not open the door any more.
    assert await refusal(proof_of(before), chain) == "proof"
    # Not deployed yet: it never changed its key.
    assert (await check(proof_of(before), Chain(None))).public_key == before.public_key


async def test_while_the_chain_is_away_nobody_is_let_in_on_its_word() -> None:
    for wallet in (Wallet(6, "telegram"), Wallet(4, "unknown")):
        with pytest.raises(ChainUnavailable):
            await check(proof_of(wallet), Chain(away=True))


async def test_another_domain() -> None:
    assert await refusal(proof_of(Wallet(), domain="evil.example")) == "proof.domain"
    # Signed for another domain, shown as ours.
    signed = proof_of(Wallet(), domain="evil.example")
    assert await refusal(replace(signed, domain=DOMAIN)) == "proof"
    assert await refusal(replace(proof_of(Wallet()), domain="other.example", domain_bytes=13)) == "proof"
    assert await refusal(replace(proof_of(Wallet()), domain_bytes=5)) == "proof.domain"
    assert await refusal(replace(proof_of(Wallet()), domain=DOMAIN.upper())) == "proof.domain"
    assert await refusal(replace(proof_of(Wallet()), domain=f"{DOMAIN}\x00")) == "proof.domain"


async def test_another_time() -> None:
    assert await refusal(proof_of(Wallet(), timestamp=NOW - 901)) == "proof.timestamp"
    assert await refusal(proof_of(Wallet(), timestamp=NOW + 61)) == "proof.timestamp"
    assert await refusal(replace(proof_of(Wallet()), timestamp=2**63)) == "proof.timestamp"
    assert await refusal(replace(proof_of(Wallet()), timestamp=NOW - 6)) == "proof"
    assert (await check(proof_of(Wallet(), timestamp=NOW + 30))).network == "mainnet"


async def test_another_key_or_wallet() -> None:
    mine, other = Wallet(1), Wallet(2)
    genuine = proof_of(mine)
    assert await refusal(replace(genuine, public_key=other.public_key)) == "proof"
    assert await refusal(replace(genuine, public_key="00")) == "public_key"
    assert await refusal(replace(genuine, public_key="zz" * 32)) == "public_key"
    # One's own signature under somebody else's address, with either state init.
    assert await refusal(replace(genuine, address=other.address)) == "proof"
    assert await refusal(replace(genuine, address=other.address, state_init=other.state_init)) == "proof"
    signature = mine.sign(PAYLOAD, domain=DOMAIN, timestamp=NOW - 5, key=other.key)
    assert await refusal(replace(genuine, signature=signature)) == "proof"


async def test_another_network() -> None:
    for network in ("-3", "0", "", "662387", "mainnet", "-0239"):
        assert await refusal(replace(proof_of(Wallet()), network=network)) == "network"
    assert await refusal(proof_of(Wallet(network="mainnet")), network="testnet") == "network"


async def test_every_changed_bit_of_the_signature_is_refused() -> None:
    genuine = proof_of(Wallet())
    from base64 import b64decode

    raw = b64decode(genuine.signature)
    for place in range(0, 512, 7):
        changed = bytearray(raw)
        changed[place // 8] ^= 1 << place % 8
        assert await refusal(replace(genuine, signature=b64encode(bytes(changed)).decode())) == "proof"


@pytest.mark.parametrize(
    "signature", ["", "!", "00" * 64, b64encode(b"x" * 63).decode(), b64encode(b"x" * 65).decode(), "é" * 88]
)
async def test_a_signature_that_is_none(signature: str) -> None:
    assert await refusal(replace(proof_of(Wallet()), signature=signature)) == "proof.signature"


@pytest.mark.parametrize("address", ["", "0:", "0:" + "g" * 64, "1:" + "0" * 64, "EQ" + "A" * 46, "0:" + "0" * 63, "é"])
async def test_an_address_that_is_none(address: str) -> None:
    assert await refusal(replace(proof_of(Wallet()), address=address)) == "address"


async def test_hostile_state_inits_are_refused_and_take_no_time() -> None:
    genuine = proof_of(Wallet())
    hostile = ["", "!", "AAAA", b64encode(b"\xb5\xee\x9cr" + b"\xff" * 2000).decode(), "A" * (LONGEST_STATE_INIT + 1)]
    whole = bytearray(Wallet().state.to_boc())
    for place in range(0, len(whole), 23):
        changed = bytearray(whole)
        changed[place] ^= 0xFF
        hostile.append(b64encode(bytes(changed)).decode())
    started = time.process_time()
    for state_init in hostile:
        assert await refusal(replace(genuine, state_init=state_init)) in ("state_init", "proof")
    assert time.process_time() - started < 20


async def test_friendly_addresses_are_the_same_account() -> None:
    from persistence.ton.address import friendly

    wallet = Wallet()
    for bounceable in (True, False):
        shown = friendly(wallet.address, "mainnet", bounceable=bounceable)
        assert (await check(replace(proof_of(wallet), address=shown))).address == wallet.address
    assert await refusal(replace(proof_of(wallet), address=friendly(wallet.address, "testnet"))) == "address"
