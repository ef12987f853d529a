/*
 * Live player for one stream of the relay; no library.
 *
 *   RelayPlayer   the conversation with the server (relay.v1 over one WebSocket), reconnecting, pausing, the numbers
 *   Mp4Screen     fragmented MP4 through Media Source Extensions, kept near the live edge
 *   JpegScreen    Motion JPEG on a canvas
 *   ServerClock   what time it is on the server
 *   PlayerView    the elements and words that the user sees
 *
 * Media is driven by messages, finished appends and shown frames, never by timers: browsers slow timers down in a tab
 * that is not in front. The one-second tick only pings, notices a dead connection and refreshes numbers.
 */

const SUBPROTOCOL = 'relay.v1';
const HEADER_BYTES = 16;
const KIND_INIT = 1;
const KIND_MEDIA = 2;
const FLAG_KEY = 1;
const FLAG_DISCONT = 2;
const FLAG_FROM_CACHE = 4;

const TICK_MS = 1_000;
const CONNECT_LIMIT_MS = 10_000;
const PING_MS = 5_000;
const SILENCE_LIMIT_MS = 25_000;
const HIDDEN_GRACE_MS = 5_000;
const STALL_NOTICE_MS = 3_000;

const BACKOFF_BASE_MS = 250;
const BACKOFF_CAP_MS = 15_000;
const BACKOFF_RESET_AFTER_MEDIA_MS = 5_000;
const SLOW_RETRY_MS = 5_000;
const SERVER_RETRY_LIMIT_MS = 60_000;

const SCREEN_FAILURES = 3;
const SCREEN_FAILURE_WINDOW_MS = 30_000;

const CLOSE_POLICY = 1008;
const CLOSE_LOST = 1006;
const CLOSE_NO_STREAM = 4404;
const CLOSE_ENDED = 4410;
const CLOSE_BAD_MESSAGE = 4400;
const CLOSE_WORDS = new Map([
  [1000, 'the server closed the connection'],
  [1001, 'the server is going away'],
  [1003, 'the server cannot relay this container'],
  [CLOSE_LOST, 'the connection was lost'],
  [CLOSE_POLICY, 'the server does not allow it'],
  [1009, 'a message was too big'],
  [1011, 'the server had an internal error'],
  [1012, 'the server is restarting'],
  [1013, 'the server is overloaded'],
  [CLOSE_BAD_MESSAGE, 'the server sent something that is not relay.v1'],
  [CLOSE_NO_STREAM, 'there is no such stream'],
  [4408, 'this connection is too slow for the stream'],
  [4409, 'the publisher was replaced'],
  [CLOSE_ENDED, 'the stream has ended'],
]);

/** Wall clock of this machine in ms with sub-millisecond digits; unlike Date.now() it never steps. */
const localMs = () => performance.timeOrigin + performance.now();

const newStats = () => ({
  state: 'stopped',        // one of the keys of STATE_TITLES
  error: null,             // words, while something is wrong
  container: null,         // 'fmp4' | 'mjpeg'
  epoch: null,
  width: 0,                // pixels of the frame shown last
  height: 0,
  framesReceived: 0,       // media messages
  framesShown: 0,          // requestVideoFrameCallback calls, or bitmaps drawn
  framesPresented: 0,      // the same, with the frames that were coalesced into one callback
  framesDropped: 0,        // received, but given up here
  framesSkipped: 0,        // given up by the server, which told us so
  bytes: 0,                // payload bytes of media and init
  lastSeq: null,
  seqGaps: 0,              // jumps of the sequence number inside one run of messages
  skips: 0,                // skip texts
  resyncs: 0,              // resync texts sent
  reconnects: 0,           // connections opened after the first one
  seeks: 0,
  nonKeyAfterSkip: 0,      // non-key media where the server owed a key: has to stay 0
  latencyMs: null,         // server time now - origin time of the frame shown last
  rttMs: null,
  bufferMs: 0,             // media appended and not yet shown
  rate: 1,                 // playbackRate
  firstFrameMs: null,      // socket open -> first frame of that connection shown
  maxFrameGapMs: 0,        // between two frames shown; a pause, another epoch or connection starts afresh
  fps: 0,                  // frames shown during the last second
  bitrate: 0,              // bit/s received during the last second
});

/** Plays one stream inside an element of the page. One player per element; it may be started again after stop(). */
export class RelayPlayer {
  /** Live numbers; a plain object that is only ever written by the player. */
  stats = newStats();

  #path;
  #onState;
  #view;
  #clock = new ServerClock();
  #session = null;         // the current connection; events of an older one are ignored
  #opened = 0;             // connections that got as far as open
  #attempt = 0;            // exponent of the backoff
  #retryTimer = 0;
  #retryAt = null;
  #ticker = 0;
  #hideTimer = 0;

  #format = null;          // the last stream text with state live
  #lastInit = null;        // a broken decoder is rebuilt from it, without a new connection
  #screen = null;
  #screenFailures = [];
  #picture = false;        // the screen has something to look at
  #holds = new Set();      // reasons why the server is asked to send no media: hidden, blocked, unsupported, broken
  #keyOwedBy = null;       // 'server' after init or a gap, 'self' after we gave up frames, null inside a GOP
  #nextSeq = null;

  #shownAt = null;
  #sample = { at: 0, bytes: 0, framesShown: 0 };
  #latency = { sum: 0, count: 0 };

  /**
   * @param {HTMLElement} container gets the elements of the player
   * @param {{path: string, onState?: (state: string, stats: object) => void}} options path of the stream, such as
   *        "cam1" or "hall/cam1"; onState is called on every change of state
   */
  constructor(container, { path, onState = () => {} }) {
    this.#path = path;
    this.#onState = onState;
    this.#view = new PlayerView(container, path);
  }

  start() {
    if (this.#ticker) return;
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    document.addEventListener('visibilitychange', this.#visibilityChanged);
    this.#setState('connecting');
    this.#connect();
    this.#visibilityChanged();
  }

  stop() {
    if (!this.#ticker) return;
    clearInterval(this.#ticker);
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#hideTimer);
    document.removeEventListener('visibilitychange', this.#visibilityChanged);
    this.#ticker = 0;
    this.#retryAt = null;
    this.#holds.clear();
    const session = this.#session;
    this.#session = null;
    session?.socket.close(1000);
    this.#closeScreen();
    this.#setState('stopped');
  }

  // ---- connection

  #connect() {
    clearTimeout(this.#retryTimer);
    this.#retryAt = null;
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(`${scheme}//${location.host}/live/${this.#path}`, SUBPROTOCOL);
    socket.binaryType = 'arraybuffer';
    const session = {
      socket,
      startedAt: performance.now(),
      openedAt: null,
      heardAt: 0,
      ping: { at: -Infinity, id: null },
      firstMediaAt: null,
      frameShown: false,
      bye: null,
    };
    this.#session = session;
    const current = (handle) => (event) => {
      if (session === this.#session) handle(event);
    };
    socket.onopen = current(() => this.#open(session));
    socket.onmessage = current((event) => this.#receive(session, event.data));
    socket.onclose = current((event) => this.#closed(session, event.code));
    this.#refreshView();
  }

  #open(session) {
    session.openedAt = session.heardAt = performance.now();
    if (this.#opened++ > 0) this.stats.reconnects++;
    this.#clock.reset();
    this.#ping(session);
    this.#shownAt = null;
    // The server names the format again, so the old verdict about it is void.
    this.#holds.delete('unsupported');
    this.#holds.delete('broken');
    if (this.#holds.size > 0) this.#send({ t: 'pause' });
  }

  #closed(session, closeCode) {
    this.#session = null;
    this.#shownAt = null;
    const code = session.bye?.code ?? closeCode;
    const unreachable = session.openedAt === null && code === CLOSE_LOST;
    const words = unreachable ? 'the server cannot be reached' : CLOSE_WORDS.get(code) ?? `close code ${code}`;
    const asked = session.bye?.retryMs;
    if (Number.isFinite(asked)) {
      this.#retryIn(Math.min(Math.max(asked, 0), SERVER_RETRY_LIMIT_MS));
    } else if (code === CLOSE_NO_STREAM || code === CLOSE_ENDED) {
      this.#retryIn(SLOW_RETRY_MS * (1 + Math.random()));
    } else if (code !== CLOSE_POLICY) {
      // Full jitter: viewers that lost the same server must not come back at the same moment.
      this.#retryIn(Math.random() * Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** this.#attempt));
      this.#attempt = Math.min(this.#attempt + 1, 16);
    }
    if (code === CLOSE_ENDED) this.#setState('ended', words);
    else if (code === CLOSE_NO_STREAM || code === CLOSE_POLICY) this.#setState('error', words);
    else this.#setState('reconnecting', words);
  }

  #retryIn(delayMs) {
    this.#retryAt = performance.now() + delayMs;
    this.#retryTimer = setTimeout(() => this.#connect(), delayMs);
  }

  /** Gives a connection up without waiting for the closing handshake, which a dead peer never answers. */
  #abandon(session, code) {
    session.socket.close();
    this.#closed(session, code);
  }

  #send(message) {
    const socket = this.#session?.socket;
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  }

  #ping(session) {
    // The id is whole milliseconds for the wire; the exact time of sending stays here.
    session.ping = { at: performance.now(), sentMs: localMs(), id: Math.round(localMs()) };
    this.#send({ t: 'ping', c: session.ping.id });
  }

  // ---- messages

  #receive(session, data) {
    session.heardAt = performance.now();
    if (typeof data === 'string') {
      const message = parseControl(data);
      if (message) this.#control(session, message);
      else this.#abandon(session, CLOSE_BAD_MESSAGE);
      return;
    }
    const unit = parseUnit(data);
    if (!unit) this.#abandon(session, CLOSE_BAD_MESSAGE);
    else if (unit.kind === KIND_INIT) this.#init(unit);
    else this.#media(session, unit);
  }

  #control(session, message) {
    switch (message.t) {
      case 'stream':
        this.#streamChanged(message);
        break;
      case 'skip':
        this.stats.skips++;
        if (Number.isFinite(message.frames)) this.stats.framesSkipped += message.frames;
        break;
      case 'pong':
        if (message.c === session.ping.id && Number.isFinite(message.s)) {
          this.#clock.add(session.ping.sentMs, localMs(), message.s);
          this.stats.rttMs = this.#clock.rttMs;
        }
        break;
      case 'bye':
        session.bye = message;
        break;
      default:
        // hello carries nothing that the player needs, and later versions may send texts that this one does not know.
        break;
    }
  }

  #streamChanged(message) {
    this.#shownAt = null;
    this.#nextSeq = null;
    if (message.state !== 'live') {
      this.#setState(message.state === 'ended' ? 'ended' : 'waiting');
      return;
    }
    this.stats.epoch = message.epoch ?? null;
    this.stats.container = message.container;
    this.#format = message;
    this.#lastInit = null;
    this.#keyOwedBy = 'server';
    const reason = unsupportedReason(message);
    if (reason) {
      this.#closeScreen();
      this.#hold('unsupported');
      this.#setState('unsupported', reason);
      return;
    }
    if (message.w > 0 && message.h > 0) this.#view.setAspect(message.w, message.h);
    if (this.#screen?.container !== message.container) this.#openScreen();
    this.#screen.join();
    this.#setState(this.#holds.has('hidden') ? 'paused' : 'live');
    this.#release('unsupported');
    this.#release('broken');
  }

  #init(unit) {
    this.stats.bytes += unit.bytes.length;
    this.#nextSeq = null;
    this.#keyOwedBy = 'server';
    this.#lastInit = unit;
    this.#screen?.init(unit.bytes, this.#format.mime);
  }

  #media(session, unit) {
    const { stats } = this;
    stats.framesReceived++;
    stats.bytes += unit.bytes.length;
    stats.lastSeq = unit.seq;
    const gap = this.#nextSeq !== null && unit.seq !== this.#nextSeq;
    this.#nextSeq = (unit.seq + 1) >>> 0;
    if (gap) stats.seqGaps++;

    session.firstMediaAt ??= performance.now();
    if (performance.now() - session.firstMediaAt >= BACKOFF_RESET_AFTER_MEDIA_MS) this.#attempt = 0;

    if (this.#holds.size > 0 || !this.#screen) return;
    // Frames after a hole refer to frames that never came: showing them would smear the picture.
    if (gap || unit.discont) this.#keyOwedBy ??= 'server';
    if (this.#keyOwedBy && !unit.key) {
      if (this.#keyOwedBy === 'server') stats.nonKeyAfterSkip++;
      stats.framesDropped++;
      return;
    }
    this.#keyOwedBy = null;
    unit.session = session;
    this.#screen.push(unit);
  }

  // ---- screen

  #openScreen() {
    this.#closeScreen();
    const Screen = this.#format.container === 'mjpeg' ? JpegScreen : Mp4Screen;
    const screen = new Screen(this.#format.mime, {
      frame: (frame) => this.#frameShown(frame),
      dropped: (frames) => { this.stats.framesDropped += frames; },
      sought: () => { this.stats.seeks++; },
      overflow: () => this.#resync(),
      blocked: (blocked) => this.#playBlocked(blocked),
      broken: (words) => {
        if (screen === this.#screen) this.#screenBroken(words);
      },
    });
    this.#screen = screen;
    this.#view.mount(screen.element);
    if (this.#lastInit) screen.init(this.#lastInit.bytes, this.#format.mime);
  }

  #closeScreen() {
    this.#screen?.close();
    this.#screen = null;
    this.#picture = false;
    this.#shownAt = null;
    this.#release('blocked');
  }

  /** A decoder that failed is replaced; one that keeps failing is left alone until the user asks. */
  #screenBroken(words) {
    const now = performance.now();
    this.#screenFailures = this.#screenFailures.filter((at) => now - at < SCREEN_FAILURE_WINDOW_MS);
    this.#screenFailures.push(now);
    if (this.#screenFailures.length >= SCREEN_FAILURES) {
      this.#closeScreen();
      this.#hold('broken');
      this.#setState('error', words);
      return;
    }
    this.#openScreen();
    this.#resync();
  }

  #resync() {
    this.stats.resyncs++;
    this.#keyOwedBy = 'self';
    this.#screen?.join();
    this.#send({ t: 'resync' });
  }

  #playBlocked(blocked) {
    if (blocked) this.#hold('blocked');
    else this.#release('blocked');
    this.#refreshView();
  }

  /** Media has to flow again first: a video element does not begin to play before it has some. */
  #playByUser() {
    this.#playBlocked(false);
    this.#screen?.play();
  }

  #frameShown({ unit, at, width, height, presented }) {
    const { stats } = this;
    const session = this.#session;
    stats.framesShown++;
    stats.framesPresented += presented;
    if (this.#shownAt !== null) stats.maxFrameGapMs = Math.max(stats.maxFrameGapMs, at - this.#shownAt);
    this.#shownAt = at;
    if (width !== stats.width || height !== stats.height) {
      stats.width = width;
      stats.height = height;
      this.#view.setAspect(width, height);
    }
    if (unit) {
      if (unit.session === session && !session.frameShown) {
        session.frameShown = true;
        stats.firstFrameMs = at - session.openedAt;
      }
      if (this.#clock.known) {
        stats.latencyMs = this.#clock.serverMs(performance.timeOrigin + at) - unit.originMs;
        this.#latency.sum += stats.latencyMs;
        this.#latency.count++;
      }
    }
    if (!this.#picture) {
      this.#picture = true;
      this.#refreshView();
    }
  }

  // ---- pausing

  #visibilityChanged = () => {
    clearTimeout(this.#hideTimer);
    if (document.hidden) {
      this.#hideTimer = setTimeout(() => {
        this.#hold('hidden');
        if (this.stats.state === 'live') this.#setState('paused');
      }, HIDDEN_GRACE_MS);
      return;
    }
    this.#shownAt = null;
    this.#release('hidden');
    if (this.stats.state === 'paused') this.#setState('live');
    this.#screen?.play();
  };

  #hold(reason) {
    if (this.#holds.size === 0) this.#send({ t: 'pause' });
    this.#holds.add(reason);
    this.#shownAt = null;
  }

  #release(reason) {
    if (!this.#holds.delete(reason) || this.#holds.size > 0) return;
    this.#nextSeq = null;
    this.#keyOwedBy = 'self';
    this.#screen?.join();
    this.#send({ t: 'resume' });
  }

  // ---- numbers and words

  #tick() {
    const now = performance.now();
    const session = this.#session;
    if (session) this.#checkConnection(session, now);

    const { stats } = this;
    const seconds = (now - this.#sample.at) / 1000;
    stats.fps = (stats.framesShown - this.#sample.framesShown) / seconds;
    stats.bitrate = ((stats.bytes - this.#sample.bytes) * 8) / seconds;
    stats.bufferMs = this.#screen?.bufferMs ?? 0;
    stats.rate = this.#screen?.rate ?? 1;
    this.#sample = { at: now, bytes: stats.bytes, framesShown: stats.framesShown };
    const latencyMs = this.#latency.count > 0 ? this.#latency.sum / this.#latency.count : null;
    this.#latency = { sum: 0, count: 0 };

    this.#send({
      t: 'stat',
      lag: Math.round(latencyMs ?? 0),
      buf: Math.round(stats.bufferMs),
      shown: stats.framesShown,
      dropped: stats.framesDropped,
    });
    this.#view.setFigures(stats, latencyMs);
    this.#refreshView();
  }

  #checkConnection(session, now) {
    if (session.openedAt === null) {
      if (now - session.startedAt > CONNECT_LIMIT_MS) this.#abandon(session, CLOSE_LOST);
    } else if (session.ping.at > session.heardAt) {
      // Silence is counted from an unanswered ping: this tick itself may come only once a minute in a hidden tab.
      if (now - session.ping.at > SILENCE_LIMIT_MS) this.#abandon(session, CLOSE_LOST);
    } else if (!this.#clock.settled || now - session.ping.at >= PING_MS) {
      this.#ping(session);
    }
  }

  #setState(state, error = null) {
    this.stats.error = error;
    if (state !== this.stats.state) {
      this.stats.state = state;
      this.#onState(state, this.stats);
    }
    this.#refreshView();
  }

  #refreshView() {
    const { state, error } = this.stats;
    const since = this.#shownAt === null ? 0 : performance.now() - this.#shownAt;
    const view = { state, title: STATE_TITLES[state], detail: '', cover: true, action: null };
    const retry = { label: 'Try now', run: () => this.#connect() };
    switch (state) {
      case 'live':
        view.cover = !this.#picture;
        view.detail = this.#picture ? '' : 'The first picture is on its way.';
        if (since > STALL_NOTICE_MS) view.title = `Live, no picture for ${Math.floor(since / 1000)} s`;
        if (this.#holds.has('blocked')) {
          view.cover = true;
          view.title = 'Ready to play';
          view.detail = 'The browser waits for your permission.';
          view.action = { label: 'Click to play', run: () => this.#playByUser() };
        }
        break;
      case 'waiting':
        view.detail = 'The picture comes by itself as soon as there is one.';
        break;
      case 'reconnecting':
        if (this.#retryAt !== null) {
          view.title = `Reconnecting in ${secondsUntil(this.#retryAt)} s`;
          view.action = retry;
        }
        view.detail = sentence(error);
        break;
      case 'ended':
      case 'error':
        view.detail = sentence(error);
        if (this.#retryAt !== null) view.detail += ` Looking again in ${secondsUntil(this.#retryAt)} s.`;
        if (this.#holds.has('broken')) view.action = { label: 'Try again', run: () => this.#rebuild() };
        else if (!this.#session) view.action = retry;
        break;
      case 'unsupported':
        view.detail = sentence(error);
        break;
      default:
        break;
    }
    this.#view.show(view);
  }

  #rebuild() {
    this.#screenFailures = [];
    this.#openScreen();
    this.#release('broken');
    this.#setState('live');
  }
}

const STATE_TITLES = {
  stopped: 'Stopped',
  connecting: 'Connecting',
  live: 'Live',
  paused: 'Paused while hidden',
  waiting: 'Waiting for the publisher',
  reconnecting: 'Reconnecting',
  ended: 'Ended',
  error: 'Not playing',
  unsupported: 'Format not supported',
};

const sentence = (words) => (words ? `${words[0].toUpperCase()}${words.slice(1)}.` : '');

const secondsUntil = (time) => Math.max(0, Math.ceil((time - performance.now()) / 1000));

/** The object in a control text, or null when it is not one. */
function parseControl(text) {
  try {
    const message = JSON.parse(text);
    return typeof message?.t === 'string' ? message : null;
  } catch (error) {
    console.warn('relay.v1: not JSON:', error.message);
    return null;
  }
}

/** A binary message: 16 bytes of header, then the payload; null when it is not one. */
function parseUnit(data) {
  if (data.byteLength <= HEADER_BYTES) return null;
  const header = new DataView(data, 0, HEADER_BYTES);
  const kind = header.getUint8(0);
  if (kind !== KIND_INIT && kind !== KIND_MEDIA) return null;
  const flags = header.getUint8(1);
  // Microseconds since 1970 stay below 2^53 until the year 2255, so two halves make an exact number.
  const originMicros = header.getUint32(8) * 2 ** 32 + header.getUint32(12);
  return {
    kind,
    key: (flags & FLAG_KEY) !== 0,
    discont: (flags & FLAG_DISCONT) !== 0,
    cached: (flags & FLAG_FROM_CACHE) !== 0,
    seq: header.getUint32(4),
    originMs: originMicros / 1000,
    bytes: new Uint8Array(data, HEADER_BYTES),
  };
}

/** iPhones have only ManagedMediaSource. */
const mediaSourceClass = () => globalThis.MediaSource ?? globalThis.ManagedMediaSource;

function unsupportedReason({ container, mime }) {
  if (container === 'mjpeg') return null;
  if (container !== 'fmp4') return `This page cannot play the container ${container}`;
  if (!mediaSourceClass()) return 'This browser has no Media Source Extensions';
  return mediaSourceClass().isTypeSupported(mime) ? null : `This browser cannot decode ${mime}`;
}

// ---------------------------------------------------------------------------------------------------- fragmented MP4

const QUEUE_LIMIT_BYTES = 4 * 1024 * 1024;
const TIMELINE_LIMIT = 4_096;
const KEEP_BEHIND_S = 5;
const TARGET_S = 0.2;
const TARGET_BAND_S = 0.05;
const TARGET_MARGIN_S = 0.1;
const RATE_MIN = 0.95;
const RATE_MAX = 1.25;
const HARD_SEEK_BEYOND_TARGET_S = 1.3;
const JOIN_JUMP_BEYOND_TARGET_S = 0.2;
const PLAYING_BEFORE_SEEK_MS = 1_000;
const SEEK_SPACING_MS = 2_000;
const SEEK_SPACING_LIMIT_MS = 60_000;
const FRAME_SLACK_S = 0.002;
const FRUITLESS_LIMIT = 60;

/**
 * A video element fed through one SourceBuffer in 'sequence' mode. In that mode the browser puts each unit right behind
 * the one before, so neither a dropped GOP nor a publisher whose clock starts at 0 again leaves a hole. The price: time
 * on the element says nothing about the source, therefore each unit is remembered with the place where it landed.
 */
class Mp4Screen {
  container = 'fmp4';
  element = document.createElement('video');

  #events;
  #mime;
  #source;
  #buffer = null;          // the SourceBuffer, once the source is open
  #queue = [];             // {init, mime, bytes} or a unit
  #queuedBytes = 0;
  #appending = null;

  #timeline = [];          // {start, unit} in seconds of the element, from the unit on show to the newest
  #keyStarts = [];         // starts of the GOPs that are still in the buffer
  #end = 0;                // of the newest unit
  #fruitless = 0;          // appends in a row that made nothing playable: the parser waits inside a broken box
  #interval = 0.033;       // smoothed duration of a unit, seconds
  #ahead = TARGET_S;       // smoothed media time between the frame shown and #end

  #joining = true;         // a burst from the cache was or will be appended: jump to the live edge once
  #joinNumber = 0;
  #joinShown = false;
  #playingSince = null;
  #soughtAt = -Infinity;
  #seekSpacingMs = SEEK_SPACING_MS;
  #presented = 0;
  #frameRequest = 0;
  #closed = false;

  constructor(mime, events) {
    this.#mime = mime;
    this.#events = events;
    const { element } = this;
    element.muted = true;
    element.autoplay = true;
    element.playsInline = true;
    element.disableRemotePlayback = true; // without it Safari does not open a ManagedMediaSource
    element.addEventListener('playing', () => {
      this.#playingSince = performance.now();
      this.#events.blocked(false);
    });
    element.addEventListener('waiting', () => { this.#playingSince = null; });
    element.addEventListener('pause', () => {
      if (!this.#closed && !document.hidden) this.play();
    });
    element.addEventListener('error', () => {
      this.#fail(`the picture cannot be decoded (${element.error?.message || 'no details'})`);
    });
    this.#source = new (mediaSourceClass())();
    this.#source.addEventListener('sourceopen', () => this.#sourceOpen(), { once: true });
    element.src = URL.createObjectURL(this.#source);
    this.#watchFrames();
    this.play();
  }

  get bufferMs() {
    return this.#timeline.length > 0 ? Math.max(0, this.#end - this.element.currentTime) * 1000 : 0;
  }

  get rate() {
    return this.element.playbackRate;
  }

  /** Called when the next media is a burst that starts in the past. */
  join() {
    this.#joining = true;
    this.#joinNumber++;
    this.#joinShown = false;
  }

  init(bytes, mime) {
    this.#queue.push({ init: true, mime, bytes });
    this.#queuedBytes += bytes.length;
    this.#pump();
  }

  push(unit) {
    if (this.#queue.length > 0 && this.#queuedBytes + unit.bytes.length > QUEUE_LIMIT_BYTES) {
      this.#dropQueue(1);
      return;
    }
    unit.joinNumber = this.#joinNumber;
    this.#queue.push(unit);
    this.#queuedBytes += unit.bytes.length;
    this.#pump();
  }

  play() {
    this.element.play().then(
      () => this.#events.blocked(false),
      (error) => {
        // AbortError only says that a seek or a new source came in between.
        if (error.name === 'NotAllowedError') this.#events.blocked(true);
      },
    );
  }

  close() {
    this.#closed = true;
    const { element } = this;
    element.cancelVideoFrameCallback?.(this.#frameRequest);
    URL.revokeObjectURL(element.src);
    element.removeAttribute('src');
    element.load();
    element.remove();
  }

  #sourceOpen() {
    if (this.#closed) return;
    try {
      this.#buffer = this.#source.addSourceBuffer(this.#mime);
    } catch (error) {
      this.#fail(error.message);
      return;
    }
    this.#buffer.mode = 'sequence';
    this.#buffer.addEventListener('updateend', () => this.#updated());
    this.#pump();
  }

  #pump() {
    if (this.#closed || !this.#buffer || this.#buffer.updating || this.#source.readyState !== 'open') return;
    if (this.#queue.length === 0) {
      this.#trimTo(this.#keyBefore(this.element.currentTime - KEEP_BEHIND_S));
      return;
    }
    const next = this.#queue[0];
    try {
      if (next.init && next.mime !== this.#mime) {
        this.#buffer.changeType(next.mime);
        this.#buffer.mode = 'sequence';
        this.#mime = next.mime;
      }
      this.#buffer.appendBuffer(next.bytes);
    } catch (error) {
      if (error.name === 'QuotaExceededError') this.#makeRoom();
      else this.#fail(error.message);
      return;
    }
    this.#queue.shift();
    this.#queuedBytes -= next.bytes.length;
    this.#appending = next;
  }

  #updated() {
    if (this.#closed) return;
    const unit = this.#appending;
    this.#appending = null;
    if (unit && !unit.init) {
      if (this.#place(unit)) this.#steer(unit);
      else if (++this.#fruitless === FRUITLESS_LIMIT) this.#fail('the data does not become a picture');
    }
    this.#pump();
  }

  /** Remembers where in the time of the element a unit landed; false if it added nothing. */
  #place(unit) {
    const { buffered } = this.#buffer;
    const end = buffered.length > 0 ? buffered.end(buffered.length - 1) : 0;
    if (end === 0 || (this.#timeline.length > 0 && end <= this.#end)) return false;
    this.#fruitless = 0;
    const start = this.#timeline.length > 0 ? this.#end : buffered.start(buffered.length - 1);
    this.#interval += (Math.min(Math.max(end - start, 0), 2) - this.#interval) * 0.1;
    this.#end = end;
    unit.bytes = null; // the browser keeps its own copy
    this.#timeline.push({ start, unit });
    if (this.#timeline.length > TIMELINE_LIMIT) this.#timeline.shift();
    if (unit.key) this.#keyStarts.push(start);
    return true;
  }

  // ---- room in the SourceBuffer

  #keyBefore(time) {
    return this.#keyStarts.findLast((start) => start <= time) ?? 0;
  }

  /**
   * Removes what lies before the start of a GOP. Not before any other time: frames whose key was removed go with it
   * (MSE, coded frame removal), so a cut inside a long GOP would take away the picture on show.
   */
  #trimTo(keyStart) {
    const { buffered } = this.#buffer;
    if (buffered.length === 0 || keyStart - buffered.start(0) < 0.1) return false;
    this.#keyStarts = this.#keyStarts.filter((start) => start >= keyStart);
    // A hair earlier, because rounding up would cut off the key itself.
    this.#buffer.remove(0, keyStart - 0.001);
    return true;
  }

  /** The browser's quota is used up: first give the past, then everything. */
  #makeRoom() {
    if (this.#trimTo(this.#keyBefore(this.element.currentTime))) return;
    this.#timeline = [];
    this.#keyStarts = [];
    this.#dropQueue(0);
    this.#buffer.remove(0, Infinity);
  }

  #dropQueue(alsoDropped) {
    const init = this.#queue.findLast((entry) => entry.init);
    this.#events.dropped(this.#queue.filter((entry) => !entry.init).length + alsoDropped);
    this.#queue = init ? [init] : [];
    this.#queuedBytes = init?.bytes.length ?? 0;
    this.#events.overflow();
  }

  // ---- staying at the live edge

  #steer(unit) {
    const { element } = this;
    const { buffered } = this.#buffer;
    if (this.#escapeHole(buffered)) return;
    const now = performance.now();
    const ahead = this.#end - element.currentTime;
    this.#ahead += (ahead - this.#ahead) * 0.2;
    const target = Math.max(TARGET_S, this.#interval + TARGET_MARGIN_S);

    if (this.#joining && this.#joinShown && !unit.cached && this.#queue.length === 0) {
      this.#joining = false;
      if (ahead > target + JOIN_JUMP_BEYOND_TARGET_S) {
        this.#seek(this.#end - target, now);
        return;
      }
    }
    const steady = this.#playingSince !== null && now - this.#playingSince >= PLAYING_BEFORE_SEEK_MS;
    if (steady && ahead > target + HARD_SEEK_BEYOND_TARGET_S && now - this.#soughtAt >= this.#seekSpacingMs) {
      // Some decoders hold back more than the limit (an SPS without bitstream_restriction): seeking then never helps,
      // and each seek costs the picture. So a seek that follows closely on another waits twice as long.
      const helped = now - this.#soughtAt > 4 * this.#seekSpacingMs;
      this.#seekSpacingMs = helped ? SEEK_SPACING_MS : Math.min(this.#seekSpacingMs * 2, SEEK_SPACING_LIMIT_MS);
      this.#seek(this.#end - target, now);
      return;
    }
    const excess = this.#ahead - target;
    // Slowing down is always right: it ends a row of stalls, which would never let the picture become steady.
    if (steady || excess < 0) this.#setRate(excess);
  }

  /** A playhead that stands where nothing is buffered stays there for ever. */
  #escapeHole(buffered) {
    const time = this.element.currentTime;
    for (let i = 0; i < buffered.length; i++) {
      if (time < buffered.end(i) - 0.01 || i === buffered.length - 1) {
        if (time >= buffered.start(i)) return false;
        this.#seek(buffered.start(i), performance.now());
        return true;
      }
    }
    return false;
  }

  #seek(time, now) {
    const { buffered } = this.#buffer;
    this.#soughtAt = now;
    this.element.currentTime = Math.max(time, buffered.start(buffered.length - 1));
    this.element.playbackRate = 1;
    this.#ahead = this.#end - this.element.currentTime;
    this.#events.sought();
  }

  #setRate(excess) {
    let rate = 1;
    if (Math.abs(excess) > TARGET_BAND_S) rate = Math.min(Math.max(1 + excess / 2, RATE_MIN), RATE_MAX);
    rate = Math.round(rate * 100) / 100;
    if (rate !== this.element.playbackRate) this.element.playbackRate = rate;
  }

  // ---- frames on show

  #watchFrames() {
    const { element } = this;
    if (!element.requestVideoFrameCallback) {
      // Older browsers: a few samples per second are better than no numbers.
      element.addEventListener('timeupdate', () => this.#frame(performance.now(), element.currentTime, 1));
      return;
    }
    const shown = (now, metadata) => {
      this.#frameRequest = element.requestVideoFrameCallback(shown);
      const presented = metadata.presentedFrames - this.#presented;
      this.#presented = metadata.presentedFrames;
      this.#frame(metadata.expectedDisplayTime ?? now, metadata.mediaTime, presented);
    };
    this.#frameRequest = element.requestVideoFrameCallback(shown);
  }

  #frame(at, mediaTime, presented) {
    const timeline = this.#timeline;
    while (timeline.length > 1 && timeline[1].start <= mediaTime + FRAME_SLACK_S) timeline.shift();
    const unit = timeline.length > 0 && timeline[0].start <= mediaTime + FRAME_SLACK_S ? timeline[0].unit : null;
    if (unit?.joinNumber === this.#joinNumber) this.#joinShown = true;
    const { videoWidth: width, videoHeight: height } = this.element;
    this.#events.frame({ unit, at, width, height, presented });
  }

  #fail(words) {
    if (!this.#closed) this.#events.broken(words);
  }
}

// ------------------------------------------------------------------------------------------------------- Motion JPEG

const BAD_PICTURES_LIMIT = 30;

/** A canvas. One picture is decoded at a time, and only the newest one waits: a slow machine skips, it never lags. */
class JpegScreen {
  container = 'mjpeg';
  element = document.createElement('canvas');
  bufferMs = 0;
  rate = 1;

  #events;
  #context = this.element.getContext('2d', { alpha: false });
  #waiting = null;
  #decoding = false;
  #badPictures = 0;
  #closed = false;

  constructor(mime, events) {
    this.#events = events;
  }

  /** Nothing to do: every picture stands alone. */
  join() {}

  /** Nothing to do: JPEG has no init segment. */
  init() {}

  /** Nothing to do: a canvas needs no permission. */
  play() {}

  push(unit) {
    if (this.#waiting) this.#events.dropped(1);
    this.#waiting = unit;
    if (!this.#decoding) this.#decode();
  }

  close() {
    this.#closed = true;
    this.#waiting = null;
    this.element.remove();
  }

  async #decode() {
    this.#decoding = true;
    while (this.#waiting) {
      const unit = this.#waiting;
      this.#waiting = null;
      try {
        const bitmap = await createImageBitmap(new Blob([unit.bytes], { type: 'image/jpeg' }));
        this.#badPictures = 0;
        if (!this.#closed) this.#draw(bitmap, unit);
        bitmap.close();
      } catch (error) {
        this.#events.dropped(1);
        if (++this.#badPictures === BAD_PICTURES_LIMIT) this.#events.broken(`bad pictures: ${error.message}`);
      }
    }
    this.#decoding = false;
  }

  #draw(bitmap, unit) {
    const { element } = this;
    const { width, height } = bitmap;
    if (element.width !== width || element.height !== height) {
      element.width = width;
      element.height = height;
    }
    this.#context.drawImage(bitmap, 0, 0);
    this.#events.frame({ unit, at: performance.now(), width, height, presented: 1 });
  }
}

// ------------------------------------------------------------------------------------------------------------- clock

const CLOCK_SAMPLES = 8;
const CLOCK_SETTLED = 4;

/** Server time by ping and pong; of the last samples the one with the shortest way has the smallest error. */
class ServerClock {
  #samples = [];
  #best = null;

  get known() {
    return this.#best !== null;
  }

  get settled() {
    return this.#samples.length >= CLOCK_SETTLED;
  }

  get rttMs() {
    return this.#best?.rttMs ?? null;
  }

  serverMs(atLocalMs) {
    return atLocalMs + this.#best.offsetMs;
  }

  add(sentMs, receivedMs, serverMs) {
    const rttMs = receivedMs - sentMs;
    this.#samples.push({ rttMs, offsetMs: serverMs - (sentMs + rttMs / 2) });
    if (this.#samples.length > CLOCK_SAMPLES) this.#samples.shift();
    this.#best = this.#samples.reduce((best, sample) => (sample.rttMs < best.rttMs ? sample : best));
  }

  /** A new connection may lead to another machine. */
  reset() {
    this.#samples = [];
    this.#best = null;
  }
}

// -------------------------------------------------------------------------------------------------------------- view

const FIGURES = [
  ['latency', 'Latency', 'From the origin of a frame to this screen'],
  ['fps', 'Frame rate', 'Frames shown per second'],
  ['buffer', 'Buffer', 'Media received and not yet shown'],
  ['dropped', 'Dropped', 'Frames given up by the relay or here'],
  ['bitrate', 'Bit rate', 'Media received per second'],
  ['picture', 'Picture', 'Width and height in pixels'],
];

/**
 * The elements of a player: the stage with picture and cover; below it badge, figures and full-screen button. Nothing
 * lies over a picture that plays, because its corners may carry a clock or a code.
 */
class PlayerView {
  #player = make('div', 'player');
  #stage = make('div', 'stage');
  #badge = make('p', 'badge');
  #cover = make('div', 'cover');
  #title = make('p', 'cover-title');
  #detail = make('p', 'cover-detail');
  #action = make('button', 'button');
  #fullscreen = make('button', 'button plain', 'Full screen');
  #figures = new Map();
  #path;
  #run = null;

  constructor(container, path) {
    this.#path = path;
    this.#badge.setAttribute('role', 'status');
    this.#action.type = 'button';
    this.#action.addEventListener('click', () => this.#run?.());
    this.#fullscreen.type = 'button';
    this.#fullscreen.addEventListener('click', () => this.#toggleFullscreen());
    this.#stage.addEventListener('dblclick', () => this.#toggleFullscreen());
    this.#cover.append(this.#title, this.#detail, this.#action);
    this.#stage.append(this.#cover);
    const strip = make('div', 'strip');
    strip.append(this.#badge, this.#buildFigures(), this.#fullscreen);
    this.#player.append(this.#stage, strip);
    container.replaceChildren(this.#player);
  }

  /** Puts a screen's element behind the cover. */
  mount(element) {
    element.classList.add('screen');
    element.setAttribute('aria-label', `Live picture of stream ${this.#path}`);
    if (element.localName === 'canvas') element.setAttribute('role', 'img');
    this.#stage.prepend(element);
  }

  setAspect(width, height) {
    this.#player.style.setProperty('--aspect', String(width / height));
  }

  show({ state, title, detail, cover, action }) {
    this.#player.dataset.state = state;
    // A screen reader announces the badge, so it changes only when there is news; the countdown is in the cover.
    setText(this.#badge, state === 'live' ? title : STATE_TITLES[state]);
    setText(this.#title, title);
    setText(this.#detail, detail);
    this.#cover.hidden = !cover;
    this.#action.hidden = !action;
    this.#run = action?.run ?? null;
    if (action) setText(this.#action, action.label);
  }

  setFigures(stats, latencyMs) {
    const dropped = stats.framesDropped + stats.framesSkipped;
    const set = (name, text) => setText(this.#figures.get(name), text);
    set('latency', latencyMs === null ? '–' : `${Math.max(0, Math.round(latencyMs))} ms`);
    set('fps', `${stats.fps.toFixed(1)} fps`);
    set('buffer', stats.container === 'mjpeg' ? 'none' : `${Math.round(stats.bufferMs)} ms`);
    set('dropped', dropped === 1 ? '1 frame' : `${dropped} frames`);
    set('bitrate', formatBitrate(stats.bitrate));
    set('picture', stats.width > 0 ? `${stats.width} × ${stats.height}` : '–');
  }

  #buildFigures() {
    const list = make('dl', 'figures');
    for (const [name, label, hint] of FIGURES) {
      const group = make('div', 'figure');
      const value = make('dd', 'figure-value', '–');
      group.title = hint;
      group.append(make('dt', 'figure-label', label), value);
      list.append(group);
      this.#figures.set(name, value);
    }
    return list;
  }

  #toggleFullscreen() {
    if (document.fullscreenElement) {
      document.exitFullscreen();
    } else if (this.#stage.requestFullscreen) {
      this.#stage.requestFullscreen().catch((error) => console.warn('full screen refused:', error.message));
    } else {
      // iPhones give the full screen to video elements only.
      this.#stage.querySelector('video')?.webkitEnterFullscreen?.();
    }
  }
}

/** "850 kbit/s", "12.5 Mbit/s". */
export function formatBitrate(bitsPerSecond) {
  if (bitsPerSecond >= 1e6) return `${(bitsPerSecond / 1e6).toFixed(1)} Mbit/s`;
  return `${Math.round(bitsPerSecond / 1e3)} kbit/s`;
}

/** A new element with a class and, if given, a text. */
export function make(name, className, text = '') {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

/** Leaves the element alone when nothing changes, so selections and screen readers are not disturbed. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
