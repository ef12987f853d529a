/*
 * Fragmented MP4 or WebM through Media Source Extensions. One of the screens of RelayPlayer (screens.js).
 */
import { LiveEdge } from './live-edge.js';
import { Timeline } from './timeline.js';

const QUEUE_LIMIT_BYTES = 4 * 1024 * 1024;
const KEEP_BEHIND_S = 5;
const FRUITLESS_LIMIT = 60;

/** The media source of this browser; iPhones have only ManagedMediaSource. */
export const mediaSourceClass = () => globalThis.MediaSource ?? globalThis.ManagedMediaSource;

/**
 * A video element fed through one SourceBuffer in 'sequence' mode. In that mode the browser places each unit directly
 * after the previous one, so neither a dropped GOP nor a publisher whose clock restarts at 0 leaves a hole. However,
 * the time of the element then says nothing about the source, so each unit is remembered with its place.
 */
export class Mp4Screen {
  element = document.createElement('video');

  #events;
  #mime;
  #edge;
  #source;
  #buffer = null;          // the SourceBuffer, once the source is open
  #queue = [];             // {init, mime, bytes} or a unit
  #queuedBytes = 0;
  #appending = null;

  #timeline = new Timeline(this.element, (frame) => this.#events.frame(frame));
  #keyStarts = [];         // starts of the GOPs that are still in the buffer
  #end = 0;                // the end of the newest unit
  #fruitless = 0;          // consecutive appends that added nothing playable: the parser waits inside a broken box

  #closed = false;

  /** Returns the reason in words when this browser cannot play it, or null. */
  static unsupportedReason(mime) {
    if (!mediaSourceClass()) return 'This browser has no Media Source Extensions';
    return mediaSourceClass().isTypeSupported(mime) ? null : `This browser cannot decode ${mime}`;
  }

  constructor(mime, events) {
    this.#mime = mime;
    this.#events = events;
    const { element } = this;
    this.#edge = new LiveEdge(element, events.sought);
    element.muted = true;
    element.autoplay = true;
    element.playsInline = true;
    element.disableRemotePlayback = true; // without it Safari does not open a ManagedMediaSource
    element.addEventListener('playing', () => this.#events.blocked(false));
    element.addEventListener('pause', () => {
      if (!this.#closed && !document.hidden) this.play();
    });
    element.addEventListener('error', () => {
      this.#fail(`the picture cannot be decoded (${element.error?.message || 'no details'})`);
    });
    this.#source = new (mediaSourceClass())();
    this.#source.addEventListener('sourceopen', () => this.#sourceOpen(), { once: true });
    element.src = URL.createObjectURL(this.#source);
    this.play();
  }

  get bufferMs() {
    return this.#timeline.isEmpty ? 0 : Math.max(0, this.#end - this.element.currentTime) * 1000;
  }

  get rate() {
    return this.element.playbackRate;
  }

  join() {
    this.#edge.join();
  }

  init(bytes, mime) {
    this.#enqueue({ init: true, mime, bytes });
  }

  push(unit) {
    if (this.#queue.length > 0 && this.#queuedBytes + unit.bytes.length > QUEUE_LIMIT_BYTES) {
      this.#dropQueue(1);
      return;
    }
    unit.joining = this.#edge.joining;
    this.#enqueue(unit);
  }

  play() {
    this.element.play().then(
      () => this.#events.blocked(false),
      (error) => {
        // AbortError only means that a seek or a new source interrupted play().
        if (error.name === 'NotAllowedError') this.#events.blocked(true);
      },
    );
  }

  close() {
    this.#closed = true;
    const { element } = this;
    this.#timeline.close();
    URL.revokeObjectURL(element.src);
    element.removeAttribute('src');
    element.load();
    element.remove();
  }

  // ---- appending

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

  #enqueue(entry) {
    this.#queue.push(entry);
    this.#queuedBytes += entry.bytes.length;
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
    if (unit && !unit.init) this.#place(unit);
    this.#pump();
  }

  /** Remembers the place of a unit in the time of the element. */
  #place(unit) {
    const { buffered } = this.#buffer;
    const first = this.#timeline.isEmpty;
    const end = buffered.length > 0 ? buffered.end(buffered.length - 1) : 0;
    if (end === 0 || (!first && end <= this.#end)) {
      if (++this.#fruitless === FRUITLESS_LIMIT) this.#fail('the data does not become a picture');
      return;
    }
    this.#fruitless = 0;
    const start = first ? buffered.start(buffered.length - 1) : this.#end;
    this.#end = end;
    unit.bytes = null; // the browser keeps its own copy
    this.#timeline.add(start, unit);
    if (unit.key) this.#keyStarts.push(start);
    this.#edge.appended({ start, end, caughtUp: !unit.cached && this.#queue.length === 0 });
  }

  // ---- room in the SourceBuffer

  #keyBefore(time) {
    return this.#keyStarts.findLast((start) => start <= time) ?? 0;
  }

  /**
   * Removes everything before the start of a GOP, never up to any other time. Frames whose key was removed go with it
   * (MSE, coded frame removal), so a cut inside a long GOP would remove the picture on show.
   */
  #trimTo(keyStart) {
    const { buffered } = this.#buffer;
    if (buffered.length === 0 || keyStart - buffered.start(0) < 0.1) return false;
    this.#keyStarts = this.#keyStarts.filter((start) => start >= keyStart);
    // slightly earlier, because rounding up would cut off the key itself
    this.#buffer.remove(0, keyStart - 0.001);
    return true;
  }

  /** Frees space when the browser's quota is used up: first the past, then everything. */
  #makeRoom() {
    if (this.#trimTo(this.#keyBefore(this.element.currentTime))) return;
    this.#timeline.clear();
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

  #fail(words) {
    if (!this.#closed) this.#events.broken(words);
  }
}
