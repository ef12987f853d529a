/*
 * Live player for one stream of the relay; no library. Used by the pages (index.js).
 *
 *   RelayPlayer                this file: connects the others, decides what is shown, keeps the numbers
 *   Connection, Retry          the conversation with the server (protocol.js), and its restart
 *   Mp4Screen, JpegScreen      turn the bytes of a unit into a picture
 *   PlayerView                 the elements and words that the user sees
 *
 * Media is driven by messages, finished appends and shown frames, never by timers, because browsers slow down timers in
 * a background tab. The one-second tick only pings, notices a dead connection and refreshes numbers.
 */
import { Connection } from './connection.js';
import { JpegScreen } from './jpeg-screen.js';
import { Mp4Screen } from './mp4-screen.js';
import { Close } from './protocol.js';
import { Retry } from './retry.js';
import { behindMs, newStats } from './stats.js';
import { PlayerView } from './view.js';

const TICK_MS = 1_000;
const HIDDEN_GRACE_MS = 5_000;
const SCREEN_FAILURES = 3;
const SCREEN_FAILURE_WINDOW_MS = 30_000;

/**
 * A screen has an element, bufferMs and rate; join() before a burst from the past, init(bytes, mime), push(unit),
 * play(), close(); and static unsupportedReason(mime). For its events see #openScreen.
 */
const SCREENS = new Map([['fmp4', Mp4Screen], ['webm', Mp4Screen], ['mjpeg', JpegScreen]]);

/** Plays one stream inside an element of the page. Use one player per element. It can start again after stop(). */
export class RelayPlayer {
  /** Live numbers, in a plain object that only the player writes. */
  stats = newStats();

  #path;
  #onState;
  #view;
  #connection = null;
  #retry = new Retry(() => this.#connect());
  #opened = 0;             // connections that were open
  #clock = null;           // the clock of the connection that was open last
  #firstFrameDue = false;  // no frame of the current connection was shown yet
  #ticker = 0;
  #hideTimer = 0;

  #format = null;          // the last stream text with state live
  #lastInit = null;        // a broken decoder is rebuilt from it, without a new connection
  #screen = null;
  #screenFailures = [];
  #picture = false;        // the screen has something to look at
  #holds = new Set();      // reasons to ask the server for no media: hidden, blocked, unsupported, broken
  #keyOwedBy = null;       // 'server' after init or a gap, 'self' after this player dropped frames, null inside a GOP
  #nextSeq = null;

  #shownAt = null;
  #sample = { at: 0, bytes: 0, framesShown: 0 };
  #latency = { sum: 0, count: 0 };
  #latencyMs = null;       // the mean of the last second in which frames were shown
  #maxLagMs = 500;         // how far the server lets a viewer fall behind

  /**
   * @param {HTMLElement} container gets the elements of the player
   * @param {{path: string, onState?: (state: string, stats: object) => void}} options path of the stream, such as
   *        "cam1" or "hall/cam1"; onState is called on every change of state
   */
  constructor(container, { path, onState = () => {} }) {
    this.#path = path;
    this.#onState = onState;
    this.#view = new PlayerView(container, path, {
      connect: () => this.#connect(),
      rebuild: () => this.#rebuild(),
      play: () => this.#playByUser(),
    });
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
    clearTimeout(this.#hideTimer);
    document.removeEventListener('visibilitychange', this.#visibilityChanged);
    this.#ticker = 0;
    this.#retry.cancel();
    this.#holds.clear();
    this.#connection?.close();
    this.#connection = null;
    this.#closeScreen();
    this.#setState('stopped');
  }

  // ---- connection

  #connect() {
    this.#retry.cancel();
    this.#connection = new Connection(this.#path, {
      opened: () => this.#connectionOpened(),
      control: (message) => this.#control(message),
      unit: (unit) => (unit.init ? this.#init(unit) : this.#media(unit)),
      ended: (end) => this.#connectionEnded(end),
    });
    this.#refreshView();
  }

  #connectionOpened() {
    if (this.#opened++ > 0) this.stats.reconnects++;
    this.#clock = this.#connection.clock;
    this.#firstFrameDue = true;
    this.#shownAt = null;
    // The server sends the format again, so the old verdict about it no longer holds.
    this.#holds.delete('unsupported');
    this.#holds.delete('broken');
    if (this.#holds.size > 0) this.#send({ t: 'pause' });
  }

  #connectionEnded(end) {
    this.#connection = null;
    this.#shownAt = null;
    this.#retry.plan(end);
    if (end.code === Close.ENDED) this.#setState('ended', end.words);
    else if (end.code === Close.NO_STREAM || Close.isFinal(end.code)) this.#setState('error', end.words);
    else this.#setState('reconnecting', end.words);
  }

  #send(message) {
    this.#connection?.send(message);
  }

  // ---- messages

  #control(message) {
    if (message.t === 'stream') {
      this.#streamChanged(message);
    } else if (message.t === 'hello') {
      this.#maxLagMs = message.maxLagMs ?? this.#maxLagMs;
    } else if (message.t === 'skip') {
      this.stats.skips++;
      if (Number.isFinite(message.frames)) this.stats.framesSkipped += message.frames;
    }
    // Later versions may send texts that this version does not know.
  }

  #streamChanged(format) {
    this.#shownAt = null;
    this.#latencyMs = null;
    this.#nextSeq = null;
    if (format.state !== 'live') {
      this.#setState(format.state === 'ended' ? 'ended' : 'waiting');
      return;
    }
    this.stats.epoch = format.epoch ?? null;
    this.stats.container = format.container;
    this.#format = format;
    this.#lastInit = null;
    this.#keyOwedBy = 'server';
    const Screen = SCREENS.get(format.container);
    const reason = Screen
      ? Screen.unsupportedReason(format.mime)
      : `This page cannot play the container ${format.container}`;
    if (reason) {
      this.#closeScreen();
      this.#hold('unsupported');
      this.#setState('unsupported', reason);
      return;
    }
    if (format.w > 0 && format.h > 0) this.#view.setAspect(format.w, format.h);
    if (!(this.#screen instanceof Screen)) this.#openScreen();
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

  #media(unit) {
    const { stats } = this;
    stats.framesReceived++;
    stats.bytes += unit.bytes.length;
    stats.lastSeq = unit.seq;
    const gap = this.#nextSeq !== null && unit.seq !== this.#nextSeq;
    this.#nextSeq = (unit.seq + 1) >>> 0;
    if (gap) stats.seqGaps++;

    if (this.#holds.size > 0 || !this.#screen) return;
    // Frames after a hole refer to frames that never arrived: showing them would smear the picture.
    if (gap || unit.discont) this.#keyOwedBy ??= 'server';
    if (this.#keyOwedBy && !unit.key) {
      if (this.#keyOwedBy === 'server') stats.nonKeyAfterSkip++;
      stats.framesDropped++;
      return;
    }
    this.#keyOwedBy = null;
    unit.connection = this.#connection;
    this.#screen.push(unit);
  }

  // ---- screen

  #openScreen() {
    this.#closeScreen();
    const Screen = SCREENS.get(this.#format.container);
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

  /** Replaces a decoder that failed. One that keeps failing is left alone until the user asks. */
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

  /** Gives a decoder that kept failing another try, when the user asks for it. */
  #rebuild() {
    this.#screenFailures = [];
    this.#openScreen();
    this.#release('broken');
    this.#setState('live');
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

  /** Lets media flow again first: a video element does not begin to play before it has some. */
  #playByUser() {
    this.#playBlocked(false);
    this.#screen?.play();
  }

  #frameShown({ unit, at, width, height, presented }) {
    const { stats } = this;
    stats.framesShown++;
    stats.framesPresented += presented;
    if (this.#shownAt !== null) stats.maxFrameGapMs = Math.max(stats.maxFrameGapMs, at - this.#shownAt);
    this.#shownAt = at;
    if (width !== stats.width || height !== stats.height) {
      stats.width = width;
      stats.height = height;
      this.#view.setAspect(width, height);
    }
    if (unit) this.#measure(unit, at);
    if (!this.#picture) {
      this.#picture = true;
      this.#refreshView();
    }
  }

  #measure(unit, at) {
    const { stats } = this;
    if (this.#firstFrameDue && unit.connection === this.#connection) {
      this.#firstFrameDue = false;
      stats.firstFrameMs = at - this.#connection.openedAt;
    }
    if (this.#clock?.known) {
      stats.latencyMs = this.#clock.serverMs(at) - unit.originMs;
      this.#latency.sum += stats.latencyMs;
      this.#latency.count++;
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
    this.#connection?.check();

    const { stats } = this;
    const now = performance.now();
    const seconds = (now - this.#sample.at) / 1000;
    stats.fps = (stats.framesShown - this.#sample.framesShown) / seconds;
    stats.bitrate = ((stats.bytes - this.#sample.bytes) * 8) / seconds;
    stats.bufferMs = this.#screen?.bufferMs ?? 0;
    stats.rate = this.#screen?.rate ?? 1;
    stats.rttMs = this.#clock?.rttMs ?? stats.rttMs;
    this.#sample = { at: now, bytes: stats.bytes, framesShown: stats.framesShown };
    const latencyMs = this.#latency.count > 0 ? this.#latency.sum / this.#latency.count : null;
    this.#latency = { sum: 0, count: 0 };
    if (latencyMs !== null) this.#latencyMs = latencyMs;

    this.#send({
      t: 'stat',
      lag: Math.round(latencyMs ?? 0),
      rtt: Math.round(stats.rttMs ?? 0),
      buf: Math.round(stats.bufferMs),
      shown: stats.framesShown,
      dropped: stats.framesDropped,
    });
    this.#view.showFigures(stats, latencyMs);
    this.#refreshView();
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
    this.#view.show({
      state: this.stats.state,
      error: this.stats.error,
      picture: this.#picture,
      stalledMs: this.#shownAt === null ? 0 : performance.now() - this.#shownAt,
      behindMs: behindMs(this.#latencyMs, this.#maxLagMs),
      retrySeconds: this.#retry.seconds,
      connected: this.#connection !== null,
      blocked: this.#holds.has('blocked'),
      broken: this.#holds.has('broken'),
    });
  }
}
