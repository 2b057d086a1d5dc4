"""The cache while Redis is away: each process counts for itself, and people still sign in. It holds limits only."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from django.conf import settings
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import ConnectionError as AwayError
from redis.exceptions import TimeoutError as SilentError

log = structlog.get_logger(__name__)


def _beside(name: str) -> Callable[..., Any]:
    through_redis = getattr(RedisCache, name)

    @wraps(through_redis)
    def call(cache: "EnduringRedisCache", *args: Any, **fields: Any) -> Any:
        try:
            return through_redis(cache, *args, **fields)
        except (AwayError, SilentError):
            log.warning("cache_away", call=name)
            return getattr(cache.beside, name)(*args, **fields)

    return call


class EnduringRedisCache(RedisCache):
    """Django's Redis cache with this process's memory beside it."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self.beside = LocMemCache("beside-redis", {"OPTIONS": {"MAX_ENTRIES": settings.COUNTERS_KEPT}})

    add = _beside("add")
    get = _beside("get")
    set = _beside("set")
    touch = _beside("touch")
    delete = _beside("delete")
    has_key = _beside("has_key")
    incr = _beside("incr")
    clear = _beside("clear")
