"""python-websockets as a peer of the lab: python3 peer.py PORT. It has one thread."""
import asyncio
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "target" / "lib"))

from websockets.asyncio.server import broadcast, serve  # noqa: E402: it is in the folder above

VIEWERS = set()


async def opened(socket):
    path = socket.request.path
    if path == "/view":
        VIEWERS.add(socket)
        try:
            await socket.wait_closed()
        finally:
            VIEWERS.remove(socket)
        return
    async for message in socket:
        if path == "/pub":
            broadcast(VIEWERS, message)
        else:
            await socket.send(message)


async def main():
    async with serve(opened, "127.0.0.1", int(sys.argv[1]), backlog=1024, max_size=16 << 20, ping_interval=None):
        await asyncio.get_running_loop().create_future()


asyncio.run(main())
