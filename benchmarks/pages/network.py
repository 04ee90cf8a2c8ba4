"""A network that can lose what is on its way without telling anybody."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.weather import Weather


class Network(Weather):
    """The tests' weather, and one kind more of it."""

    def forsake(self) -> None:
        """After `stall`: let new connections pass; those that stand still, never.

        As where a router forgot them: nobody gets an error, nor the other's end.
        """
        self._await(self._forsake())

    async def _forsake(self) -> None:
        # Who stands still waits for the old event, which nobody sets any more.
        self._passable = asyncio.Event()
        self._passable.set()

    async def _pass_on(self, *way: Any) -> None:
        passable = self._passable
        await super()._pass_on(*way)
        await passable.wait()
