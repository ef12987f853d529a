/*
 * Live player for one stream of the relay; no library. Used by the pages (index.js).
 *
 *   RelayPlayer                this file: connects the others, decides what is shown, keeps the numbers
 *   Connection, Retry          the conversation with the server (protocol.js), and its restart
 *   Mp4Screen, JpegScreen      turn the bytes of a unit into a picture (screens.js)
 *   Sound, SoundScreen         the same with a second track, of sound
 *   Meter                      the numbers of what was shown
 *   PlayerView                 the elements and words that the user sees
 *
 * Media is driven by messages, finished appends and shown frames, never by timers, because browsers slow down timers in
 * a background tab. The one-second tick only pings, notices a dead connection and refreshes numbers.
 */
import { Burst } from './burst.js';
import { Connection } from './connection.js';
import { Meter } from './meter.js';
import { Close } from './protocol.js';
import { Retry } from './retry.js';
import { screenFor, unsupportedReason } from './screens.js';
import { Sound } from './sound.js';
import { SoundScreen } from './sound-screen.js';
import { newStats } from './stats.js';
import { PlayerView } from './view.js';

const TICK_MS = 1_000;
const HIDDEN_GRACE_MS = 5_000;

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
  #ticker = 0;
  #hideTimer = 0;

  #format = null;          // the last stream text with state live
  #lastInit = null;        // a broken decoder is rebuilt from it, without a new connection
  #screen = null;
  #screenFailures = new Burst(3, 30_000);
  #lastSoundInit = null;
  #sound = new Sound();
  #picture = false;        // the screen has something to look at
  #holds = new Set();      // reasons to ask the server for no media: hidden, blocked, unsupported, broken
  #keyOwedBy = null;       // 'server' after init or a gap, 'self' after this player dropped frames, null inside a GOP
  #nextSeq = null;

  #meter = new Meter(this.stats);

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
      setVolume: (volume) => this.#setVolume(volume),
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
    this.#meter.connected(this.#connection);
    // The server sends the format again, so the old verdict about it no longer holds.
    this.#holds.delete('unsupported');
    this.#holds.delete('broken');
    if (this.#holds.size > 0) this.#send({ t: 'pause' });
  }

  #connectionEnded(end) {
    this.#connection = null;
    this.#meter.interrupt();
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
      this.#meter.maxLagMs = message.maxLagMs ?? this.#meter.maxLagMs;
    } else if (message.t === 'skip') {
      this.stats.skips++;
      if (Number.isFinite(message.frames)) this.stats.framesSkipped += message.frames;
    }
    // Later versions may send texts that this version does not know.
  }

  #streamChanged(format) {
    this.#meter.restart();
    this.#nextSeq = null;
    if (format.state !== 'live') {
      this.#setState(format.state === 'ended' ? 'ended' : 'waiting');
      return;
    }
    this.stats.epoch = format.epoch ?? null;
    this.stats.container = format.container;
    this.#format = format;
    this.#lastInit = null;
    this.#lastSoundInit = null;
    this.#keyOwedBy = 'server';
    const reason = unsupportedReason(format);
    if (reason) {
      this.#closeScreen();
      this.#hold('unsupported');
      this.#setState('unsupported', reason);
      return;
    }
    if (format.w > 0 && format.h > 0) this.#view.setAspect(format.w, format.h);
    if (!(this.#screen instanceof (this.#sound.tracks(format) ? SoundScreen : screenFor(format)))) this.#openScreen();
    this.#screen.join();
    this.#setState(this.#holds.has('hidden') ? 'paused' : 'live');
    this.#release('unsupported');
    this.#release('broken');
  }

  #init(unit) {
    this.stats.bytes += unit.bytes.length;
    if (unit.sound) {
      this.#lastSoundInit = unit;
      this.#initSound();
      return;
    }
    this.#nextSeq = null;
    this.#keyOwedBy = 'server';
    this.#lastInit = unit;
    this.#screen?.init(unit.bytes, this.#format.mime);
  }

  #media(unit) {
    if (unit.sound) {
      this.#soundUnit(unit);
      return;
    }
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

  // ---- sound

  #initSound() {
    if (!(this.#screen instanceof SoundScreen) || !this.#lastSoundInit) return;
    const { mime } = this.#format.tracks.find(({ kind }) => kind === 'audio');
    this.#screen.init(this.#lastSoundInit.bytes, mime, true);
  }

  #soundUnit(unit) {
    this.stats.bytes += unit.bytes.length;
    if (this.#holds.size > 0 || !this.#screen) return;
    if (this.#screen instanceof SoundScreen) {
      if (!this.#keyOwedBy) this.#screen.push(unit);
    } else if (this.#sound.isSilent(this.#format) && this.#sound.isBack()) {
      this.#openScreen();
      this.#resync();
    }
  }

  #soundIsGone() {
    this.#sound.isGone(this.#format);
    this.#openScreen();
    this.#resync();
  }

  #setVolume(volume) {
    Object.assign(this.#sound.volume, volume);
    this.#applyVolume();
    this.#screen?.play();
  }

  #applyVolume() {
    this.stats.sound = this.#sound.apply(this.#screen, this.#format);
    this.#view.showSound({ available: this.#screen instanceof SoundScreen, ...this.#sound.volume });
  }

  // ---- screen

  #openScreen() {
    this.#closeScreen();
    const tracks = this.#sound.tracks(this.#format);
    const Screen = tracks ? SoundScreen : screenFor(this.#format);
    const screen = new Screen(tracks ?? this.#format.mime, {
      silent: () => this.#soundIsGone(),
      mutedByBrowser: () => this.#setVolume({ muted: true }),
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
    this.#applyVolume();
    if (this.#lastInit) screen.init(this.#lastInit.bytes, this.#format.mime);
    this.#initSound();
  }

  #closeScreen() {
    this.#screen?.close();
    this.#screen = null;
    this.#picture = false;
    this.#meter.interrupt();
    this.#release('blocked');
  }

  /** Replaces a decoder that failed. One that keeps failing is left alone until the user asks. */
  #screenBroken(words) {
    if (this.#screenFailures.add()) {
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
    this.#screenFailures.clear();
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

  #frameShown(frame) {
    this.#meter.frame(frame, this.#clock);
    const { stats } = this;
    const { width, height } = frame;
    if (width !== stats.width || height !== stats.height) {
      stats.width = width;
      stats.height = height;
      this.#view.setAspect(width, height);
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
    this.#meter.interrupt();
    this.#release('hidden');
    if (this.stats.state === 'paused') this.#setState('live');
    this.#screen?.play();
  };

  #hold(reason) {
    if (this.#holds.size === 0) this.#send({ t: 'pause' });
    this.#holds.add(reason);
    this.#meter.interrupt();
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

    const latencyMs = this.#meter.tick(this.#screen, this.#clock);
    this.#send(this.#meter.report(latencyMs));
    this.#view.showFigures(this.stats, latencyMs);
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
      stalledMs: this.#meter.stalledMs,
      behindMs: this.#meter.behindMs,
      retrySeconds: this.#retry.seconds,
      connected: this.#connection !== null,
      blocked: this.#holds.has('blocked'),
      broken: this.#holds.has('broken'),
    });
  }
}
