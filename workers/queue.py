"""The queue of periodic jobs, and which Redis may hold it.

Must never be opened on a cluster: arq's transactions span hash slots, so its jobs would fail one by one and unseen.
"""

from arq.connections import ArqRedis
from redis.asyncio import ConnectionPool
from redis.exceptions import AuthenticationError, RedisError

from chance_tap.settings import Settings
from persistence.errors import StoreUnavailable
from persistence.redis.store import UnfitStore

TIMEOUT_S = 5.0


async def open_queue(settings: Settings) -> ArqRedis:
    """Connect to the queue's server.

    Raises:
        UnfitStore: it is a cluster, or refuses the login.
        StoreUnavailable: it does not answer.
    """
    url = settings.queue_redis_url or settings.redis_url
    queue = ArqRedis(ConnectionPool.from_url(url, socket_connect_timeout=TIMEOUT_S, socket_timeout=TIMEOUT_S))
    try:
        info = await queue.info("server")
        if clustered(info):
            raise UnfitStore(refusal(settings))
    except AuthenticationError as error:
        await queue.aclose(close_connection_pool=True)
        raise UnfitStore(f"The queue's Redis refuses: {error}") from error
    except (RedisError, OSError) as error:
        await queue.aclose(close_connection_pool=True)
        raise StoreUnavailable("the queue's redis") from error
    except BaseException:
        await queue.aclose(close_connection_pool=True)
        raise
    return queue


def clustered(info: dict[str, object]) -> bool:
    """Whether a server with this INFO is part of a cluster."""
    return (info.get("server_mode") or info.get("redis_mode")) == "cluster"


def refusal(settings: Settings) -> str:
    """What to do about a queue on a cluster, in one line."""
    if settings.queue_redis_url:
        found = "QUEUE_REDIS_URL is a cluster"
    else:
        found = "QUEUE_REDIS_URL is not set and REDIS_URL is a cluster"
    return f"{found}: the worker's queue needs a standalone server; set QUEUE_REDIS_URL to one."
