// The other end of a WebSocket for ForeignPeer: Node's ws. See ForeignPeer for the commands and events.
'use strict';

const { createHash } = require('node:crypto');
const readline = require('node:readline');
const WebSocket = require('ws');

const DEFLATE = {
  off: false,
  on: { threshold: 0 },
  fresh: { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true },
  window9: { threshold: 0, serverMaxWindowBits: 9, clientMaxWindowBits: 9 },
};

let events = 0;

function tell(...words) {
  process.stdout.write(`${++events} ${words.join(' ')}\n`);
}

function message(data, isBinary) {
  tell(isBinary ? 'binary' : 'text', data.length, createHash('sha1').update(data).digest('hex'));
}

function numbers(length) {
  const parts = [];
  for (let size = 0, n = 0; size < length; n++) {
    parts.push(String(n));
    size += parts[n].length + 1;
  }
  return Buffer.from(parts.join(',') + ',').subarray(0, length);
}

function listen(socket) {
  socket.on('message', message);
  socket.on('pong', (data) => tell('pong', data.toString()));
  socket.on('close', (code, reason) => tell('closed', code, reason.toString()));
  socket.on('error', (error) => tell('error', error.message));
}

function obey(socket, line) {
  const [command, ...words] = line.split(' ');
  switch (command) {
    case 'say':
      return socket.send(words.join(' '));
    case 'text':
      return socket.send(numbers(Number(words[0])), { binary: false });
    case 'binary':
      return socket.send(numbers(Number(words[0])), { binary: true });
    case 'fragments': {
      const data = numbers(Number(words[0]));
      const step = Math.ceil(data.length / Number(words[1]));
      for (let at = 0; at < data.length; at += step) {
        socket.send(data.subarray(at, at + step), { binary: true, fin: at + step >= data.length });
      }
      return undefined;
    }
    case 'ping':
      return socket.ping(words[0]);
    case 'close':
      return socket.close(Number(words[0]), words.slice(1).join(' '));
    case 'vanish':
      return socket.terminate();
    default:
      throw new Error(`unknown command: ${line}`);
  }
}

function client(url, perMessageDeflate) {
  const socket = new WebSocket(url, { perMessageDeflate, maxPayload: 32 << 20 });
  socket.on('open', () => tell('open', socket.extensions));
  listen(socket);
  readline.createInterface({ input: process.stdin }).on('line', (line) => obey(socket, line));
}

function server(perMessageDeflate) {
  const server = new WebSocket.Server({ host: '127.0.0.1', port: 0, perMessageDeflate, maxPayload: 32 << 20 });
  server.on('listening', () => tell('listening', server.address().port));
  server.on('connection', (socket) => {
    tell('open', socket.extensions);
    listen(socket);
    socket.on('message', (data, binary) => {
      const text = binary ? '' : data.toString('utf8', 0, 10);
      if (text.startsWith('command: ')) {
        obey(socket, data.toString().slice('command: '.length));
      } else {
        socket.send(data, { binary });
      }
    });
  });
}

const [mode, deflate, url] = process.argv.slice(2);
if (mode === 'client') {
  client(url, DEFLATE[deflate]);
} else {
  server(DEFLATE[deflate]);
}
