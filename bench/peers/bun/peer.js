// Bun as a peer of the lab: bun peer.js PORT. It has one thread.
const VIEW = 'view';

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: Number(process.argv[2]),
  fetch(request, server) {
    const path = new URL(request.url).pathname;
    return server.upgrade(request, { data: { path } }) ? undefined : new Response('a WebSocket only', { status: 400 });
  },
  websocket: {
    perMessageDeflate: true,
    maxPayloadLength: 16 << 20,
    // above the queue of a viewer in any workload: a message is dropped beyond it
    backpressureLimit: 64 << 20,
    idleTimeout: 0,
    open(socket) {
      if (socket.data.path === '/view') {
        socket.subscribe(VIEW);
      }
    },
    message(socket, message) {
      if (socket.data.path === '/pub') {
        server.publish(VIEW, message);
      } else {
        // compressed if that was agreed on, as the other peers do
        socket.send(message, true);
      }
    },
  },
});
