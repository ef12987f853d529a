"""The other end of a WebSocket for ForeignPeer: Debian's python3-websockets. See ForeignPeer for the commands and events."""

import asyncio
import hashlib
import sys

import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, ServerPerMessageDeflateFactory

LIMITS = {"max_size": 32 << 20, "compression": None, "ping_interval": None}
CLIENT = {
    "off": None,
    "on": [ClientPerMessageDeflateFactory(client_max_window_bits=True)],
    "fresh": [ClientPerMessageDeflateFactory(server_no_context_takeover=True, client_no_context_takeover=True)],
    "window9": [ClientPerMessageDeflateFactory(server_max_window_bits=9, client_max_window_bits=9)],
}
SERVER = {
    "off": None,
    "on": [ServerPerMessageDeflateFactory()],
    "fresh": [ServerPerMessageDeflateFactory(server_no_context_takeover=True, client_no_context_takeover=True)],
    "window9": [ServerPerMessageDeflateFactory(server_max_window_bits=9, client_max_window_bits=9)],
}

events = 0


def tell(*words):
    global events
    events += 1
    print(events, *words, flush=True)


def numbers(length):
    # so many make 16 MiB
    return ",".join(map(str, range(min(length // 2 + 1, 2_250_000))))[:length]


async def obey(socket, line):
    command, _, rest = line.partition(" ")
    if command == "say":
        await socket.send(rest)
    elif command == "text":
        await socket.send(numbers(int(rest)))
    elif command == "binary":
        await socket.send(numbers(int(rest)).encode())
    elif command == "fragments":
        length, count = map(int, rest.split())
        data = numbers(length).encode()
        step = -(-length // count)
        await socket.send(data[at : at + step] for at in range(0, length, step))
    elif command == "ping":
        await (await socket.ping(rest.encode()))
        tell("pong", rest)
    elif command == "close":
        code, _, reason = rest.partition(" ")
        await socket.close(int(code), reason)
    elif command == "vanish":
        socket.transport.abort()
    else:
        raise ValueError("unknown command: " + line)


async def talk(socket, echo):
    headers = socket.response_headers
    tell("open", headers.get("Sec-WebSocket-Extensions", ""))
    try:
        async for message in socket:
            if echo and isinstance(message, str) and message.startswith("command: "):
                tell_message(message)
                # a close waits for the peer's: by itself, so that what comes before that is still read
                asyncio.ensure_future(obey(socket, message.removeprefix("command: ")))
            else:
                tell_message(message)
                if echo:
                    await socket.send(message)
    except websockets.ConnectionClosedError:
        pass  # the code below tells it
    await socket.wait_closed()
    tell("closed", socket.close_code, socket.close_reason)


def tell_message(message):
    data = message.encode() if isinstance(message, str) else message
    tell("text" if isinstance(message, str) else "binary", len(data), hashlib.sha1(data).hexdigest())


async def client(deflate, url):
    async with websockets.connect(url, extensions=CLIENT[deflate], **LIMITS) as socket:
        talking = asyncio.ensure_future(talk(socket, False))
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            await obey(socket, line.rstrip("\n"))
        await talking


async def server(deflate):
    async with websockets.serve(lambda socket: talk(socket, True), "127.0.0.1", 0, extensions=SERVER[deflate], **LIMITS) as it:
        tell("listening", it.sockets[0].getsockname()[1])
        await asyncio.Future()


mode, deflate, *url = sys.argv[1:]
asyncio.run(client(deflate, *url) if mode == "client" else server(deflate))
