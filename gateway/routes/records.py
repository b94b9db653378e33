"""/games/{room_id}/record and /record-keys: the signed record of a game, and the keys that sign."""

from gateway.rest.endpoint import Call, Endpoint
from gateway.schemas.rest import RecordKey, RecordKeys
from persistence.errors import ErrorCode, GameError
from persistence.postgres import records
from persistence.records.document import Record, unpack
from persistence.records.signing import Signer


async def record(call: Call) -> bytes:
    document = await records.document_for(call.services.db, call.user_id, call.path("room_id"))
    if document is None:
        raise GameError(ErrorCode.NOT_FOUND)
    return unpack(document)


async def record_keys(call: Call) -> RecordKeys:
    signed = await records.public_keys(call.services.db)
    keys = [RecordKey(key.key_id, key.public_key.hex()) for key in signed]
    # Known from the first moment, not only from the first record on.
    own = Signer.from_settings(call.services.settings)
    if own.key_id not in {key.key_id for key in keys}:
        keys.insert(0, RecordKey(own.key_id, own.public_key))
    return RecordKeys(keys)


ENDPOINTS = [
    Endpoint(
        method="GET",
        path="/api/v1/games/{room_id}/record",
        handler=record,
        summary="The signed record of a game, for its players and its organizer; some seconds after the settlement",
        answer=Record,
        codes=(ErrorCode.NOT_FOUND,),
    ),
    Endpoint(
        method="GET",
        path="/api/v1/record-keys",
        handler=record_keys,
        summary="The public keys (Ed25519) that sign records of games, the latest first",
        answer=RecordKeys,
    ),
]
