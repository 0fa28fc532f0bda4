"""Many files at once, in order and without holding them all; results gathered into batches."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

# So many results, or so much time, are lost at most when the process is killed.
BATCH = 200
BATCH_S = 1.0
Item = TypeVar("Item")
Result = TypeVar("Result")


def in_parallel(
    work: Callable[[Item], Result], items: Iterable[Item], *, workers: int = 0
) -> Generator[Result, None, None]:
    """The results of `work` in the order of the items, from threads; few items are taken ahead.

    workers: how many threads, 0 for two a core. When the caller stops, what has not begun never does.
    """
    number = workers or min(16, (os.cpu_count() or 1) * 2)
    pool = ThreadPoolExecutor(number, thread_name_prefix="sonify-scan")
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= 4 * number:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        # Ctrl-C must not wait for the files that have not been looked at.
        pool.shutdown(wait=False, cancel_futures=True)


def batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """The items in lists of at most BATCH that took at most about BATCH_S to come."""
    batch: list[Item] = []
    since_s = time.monotonic()
    for item in items:
        batch.append(item)
        if len(batch) >= BATCH or time.monotonic() - since_s >= BATCH_S:
            yield batch
            batch, since_s = [], time.monotonic()
    if batch:
        yield batch
