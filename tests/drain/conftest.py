"""What the drain's tests borrow: hubs and players of the WebSocket tests, on the loop that gateways run on."""

from tests.ws.conftest import game, pytest_asyncio_loop_factories, road, serve, start_gateway

__all__ = ["game", "pytest_asyncio_loop_factories", "road", "serve", "start_gateway"]
