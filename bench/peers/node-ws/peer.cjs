// Node's ws as a peer of the lab: node peer.cjs PORT. It has one thread.
const { WebSocketServer } = require('./target/node_modules/ws');

const viewers = new Set();
const server = new WebSocketServer({
  host: '127.0.0.1', port: Number(process.argv[2]), backlog: 1024, perMessageDeflate: true, maxPayload: 16 << 20,
});
server.on('connection', (socket, request) => {
  if (request.url === '/view') {
    viewers.add(socket);
    socket.on('close', () => viewers.delete(socket));
  } else if (request.url === '/pub') {
    socket.on('message', (data, isBinary) => viewers.forEach((viewer) => viewer.send(data, { binary: isBinary })));
  } else {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  }
});
