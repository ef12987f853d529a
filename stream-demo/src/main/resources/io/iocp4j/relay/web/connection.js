/*
 * One WebSocket to /live/{path}, from the attempt to its end, with the pings that prove it alive and measure the
 * server's clock. Used by RelayPlayer, which makes a new one for each attempt.
 */
import { Close, SUBPROTOCOL, closeWords, parseControl, parseUnit } from './protocol.js';
import { ServerClock } from './server-clock.js';
import { loginFields, openSocket, siteUrl } from './site.js';

const CONNECT_LIMIT_MS = 10_000;
const PING_MS = 5_000;
const SILENCE_LIMIT_MS = 25_000;
const REASON_LIMIT_MS = 2_000;
const REASON_LENGTH = 200;
const UPGRADE_REQUIRED = 426;

/**
 * One connection. Its events are opened(); control(message) for texts that are not about the connection itself;
 * unit(unit); and once, unless close() was called, ended({code, words, retryMs, mediaMs}). retryMs is the delay that
 * the server asks for, if any, and mediaMs is the time during which media arrived.
 */
export class Connection {
  /** Time of performance.now(); null before the socket is open. */
  openedAt = null;
  clock = new ServerClock();

  #events;
  #socket;
  #startedAt = performance.now();
  #heardAt = 0;
  #pingAt = -Infinity;
  #pingId = null;
  #firstMediaAt = null;
  #mediaMs = 0;
  #bye = null;
  #path;
  #closed = false;

  constructor(path, events) {
    this.#path = path;
    this.#events = events;
    const socket = openSocket(`live/${path}?tracks=1`, SUBPROTOCOL);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code, reason }) => this.#ended(code, reason);
    this.#socket = socket;
  }

  send(message) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** Sends a ping, or gives up a dead connection. Call it about once a second. */
  check() {
    const now = performance.now();
    if (this.openedAt === null) {
      if (now - this.#startedAt > CONNECT_LIMIT_MS) this.#abandon(Close.LOST);
    } else if (this.#pingAt > this.#heardAt) {
      // Silence counts from an unanswered ping, because the caller's timer may fire only once a minute in a hidden tab.
      if (now - this.#pingAt > SILENCE_LIMIT_MS) this.#abandon(Close.LOST);
    } else if (!this.clock.settled || now - this.#pingAt >= PING_MS) {
      this.#ping();
    }
  }

  /** Ends the connection. No event follows. */
  close() {
    const socket = this.#socket;
    this.#closed = true;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }

  #opened() {
    this.openedAt = this.#heardAt = performance.now();
    this.#ping();
    this.#events.opened();
  }

  #ping() {
    this.#pingAt = performance.now();
    this.#pingId = Math.round(performance.timeOrigin + this.#pingAt);
    this.send({ t: 'ping', c: this.#pingId });
  }

  #receive(data) {
    this.#heardAt = performance.now();
    const message = typeof data === 'string' ? parseControl(data) : parseUnit(data);
    if (!message) this.#abandon(Close.BAD_MESSAGE);
    else if (typeof data === 'string') this.#control(message);
    else this.#unit(message);
  }

  #control(message) {
    if (message.t === 'bye') {
      this.#bye = message;
    } else if (message.t === 'pong') {
      if (message.c === this.#pingId && Number.isFinite(message.s)) {
        this.clock.add(this.#pingAt, performance.now(), message.s);
      }
    } else {
      this.#events.control(message);
    }
  }

  #unit(unit) {
    if (!unit.init) {
      this.#firstMediaAt ??= this.#heardAt;
      this.#mediaMs = this.#heardAt - this.#firstMediaAt;
    }
    this.#events.unit(unit);
  }

  /** Ends the connection without waiting for the closing handshake, which a dead peer never answers. */
  #abandon(code) {
    this.close();
    this.#closed = false;
    this.#ended(code);
  }

  async #ended(closeCode, reason = '') {
    const code = this.#bye?.code ?? closeCode;
    const end = { code, words: closeWords(code), retryMs: this.#bye?.retryMs, mediaMs: this.#mediaMs };
    if (code === Close.NOT_ALLOWED && reason) end.words = reason;
    if (this.openedAt === null && code === Close.LOST) Object.assign(end, await this.#whyRefused());
    if (!this.#closed) this.#events.ended(end);
  }

  /** Asks why there is no connection: a page cannot see the answer to a handshake, but that to a request. */
  async #whyRefused() {
    try {
      const answer = await fetch(siteUrl(`live/${this.#path}`),
        { headers: loginFields(), cache: 'no-store', signal: AbortSignal.timeout(REASON_LIMIT_MS) });
      if (answer.status === UPGRADE_REQUIRED) {
        return { words: 'something between this page and the server does not let WebSockets through' };
      }
      if (answer.ok) return { words: 'something else answers in the place of the relay' };
      const words = (await answer.text()).split('\n', 1)[0].slice(0, REASON_LENGTH).trim();
      const seconds = Number(answer.headers.get('Retry-After') ?? NaN);
      return { words: words || `the server answers with status ${answer.status}`, retryMs: seconds * 1000 };
    } catch {
      return { words: 'the server cannot be reached' };
    }
  }
}
