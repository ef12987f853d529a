/*
 * Picture and sound in fragmented MP4 through Media Source Extensions. One of the screens of RelayPlayer; screens.js
 * defines them. A stream without sound has Mp4Screen, which needs no times.
 */
import { LiveEdge } from './live-edge.js';
import { mediaSourceClass } from './mp4-screen.js';
import { ticksOf, timescaleOf } from './mp4-time.js';
import { Timeline } from './timeline.js';

const VIDEO = 1;
const AUDIO = 2;
const QUEUE_LIMIT_BYTES = 4 * 1024 * 1024;
const KEEP_BEHIND_S = 5;
const EARLY_SOUND_S = 0.02;
const SILENCE_LIMIT_S = 1;
const DEFAULT_FRAME_S = 1 / 30;

/**
 * A video element fed through two SourceBuffers in 'segments' mode, one for each track. Both always have the same
 * offset between the time of the stream and the time of the element, so picture and sound stay together. Where frames
 * were skipped, or a publisher came back, the offset closes the hole: the next key frame follows the last frame.
 *
 * The element plays only where both tracks are buffered, so a track of sound without sound would hold the picture. When
 * the picture is SILENCE_LIMIT_S ahead of the sound, the screen tells so, and RelayPlayer goes on without sound.
 */
export class SoundScreen {
  element = document.createElement('video');

  #events;
  #edge;
  #source;
  #tracks = new Map();     // by number: {mime, buffer, queue, appending, scale}
  #queuedBytes = 0;
  #offset = null;          // seconds of the element at second 0 of the stream; null before the first key frame
  #end = 0;                // the end of the newest queued picture, in seconds of the element
  #lastTime = null;        // the time of the newest queued picture in the stream
  #frameS = DEFAULT_FRAME_S;
  #splice = true;          // the next key frame follows the last frame, whatever its time is
  #keyTime = 0;            // the time of that key frame in the stream; sound before it is of no use
  #soundEnd = 0;           // the end of the newest queued sound, in seconds of the element

  #timeline = new Timeline(this.element, (frame) => this.#events.frame(frame));
  #keyStarts = [];
  #closed = false;

  /** Returns the reason in words when this browser cannot play one of the tracks, or null. */
  static unsupportedReason(tracks) {
    if (!mediaSourceClass()) return 'This browser has no Media Source Extensions';
    const bad = tracks.find(({ mime }) => !mediaSourceClass().isTypeSupported(mime));
    return bad ? `This browser cannot decode ${bad.mime}` : null;
  }

  constructor(tracks, events) {
    this.#events = events;
    for (const { n, mime } of tracks) this.#tracks.set(n, { mime, buffer: null, queue: [], appending: null, scale: 0 });
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
      this.#fail(`the media cannot be decoded (${element.error?.message || 'no details'})`);
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
    this.#splice = true;
  }

  init(bytes, mime, sound) {
    const number = sound ? AUDIO : VIDEO;
    const track = this.#tracks.get(number);
    if (!track) return;
    track.scale = timescaleOf(bytes) ?? 0;
    if (number === VIDEO) this.#splice = true;
    this.#enqueue(track, { init: true, mime, bytes });
  }

  push(unit) {
    if (this.#queuedBytes + unit.bytes.length > QUEUE_LIMIT_BYTES) {
      this.#dropQueues();
      return;
    }
    const track = this.#tracks.get(unit.sound ? AUDIO : VIDEO);
    const ticks = track ? ticksOf(unit.bytes) : null;
    if (ticks === null || !track.scale) return;
    const time = ticks / track.scale;
    if (unit.sound) this.#pushSound(track, unit, time);
    else this.#pushPicture(track, unit, time);
  }

  #pushPicture(track, unit, time) {
    if (unit.key && (this.#splice || unit.discont)) {
      this.#offset = this.#end - time;
      this.#keyTime = time;
      this.#splice = false;
    } else if (this.#offset === null) {
      return;
    } else if (time > this.#lastTime) {
      this.#frameS += (Math.min(time - this.#lastTime, 2) - this.#frameS) * 0.2;
    }
    this.#lastTime = time;
    unit.start = time + this.#offset;
    this.#end = unit.start + this.#frameS;
    unit.joining = this.#edge.joining;
    this.#enqueue(track, { unit, bytes: unit.bytes, offset: this.#offset });
    if (this.#end - this.#soundEnd > SILENCE_LIMIT_S && unit.start > SILENCE_LIMIT_S) this.#events.silent();
  }

  #pushSound(track, unit, time) {
    if (this.#offset === null || time < this.#keyTime - EARLY_SOUND_S) return;
    this.#soundEnd = time + this.#offset;
    this.#enqueue(track, { bytes: unit.bytes, offset: this.#offset });
  }

  play() {
    this.element.play().then(
      () => this.#events.blocked(false),
      (error) => {
        // AbortError only means that a seek or a new source interrupted play().
        if (error.name !== 'NotAllowedError') return;
        // Without a click, a browser may play without sound only.
        if (this.element.muted) this.#events.blocked(true);
        else this.#events.mutedByBrowser();
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
      // All of them before the first append: some browsers take no other SourceBuffer afterwards.
      for (const track of this.#tracks.values()) {
        track.buffer = this.#source.addSourceBuffer(track.mime);
        track.buffer.mode = 'segments';
        track.buffer.addEventListener('updateend', () => this.#updated(track));
      }
    } catch (error) {
      this.#fail(error.message);
      return;
    }
    for (const track of this.#tracks.values()) this.#pump(track);
  }

  #enqueue(track, entry) {
    track.queue.push(entry);
    this.#queuedBytes += entry.bytes.length;
    this.#pump(track);
  }

  #pump(track) {
    const { buffer, queue } = track;
    if (this.#closed || !buffer || buffer.updating || this.#source.readyState !== 'open') return;
    if (queue.length === 0) {
      this.#trim(track, this.#keyBefore(this.element.currentTime - KEEP_BEHIND_S));
      return;
    }
    const next = queue[0];
    try {
      if (next.init && next.mime !== track.mime) {
        buffer.changeType(next.mime);
        track.mime = next.mime;
      }
      if (!next.init && buffer.timestampOffset !== next.offset) buffer.timestampOffset = next.offset;
      buffer.appendBuffer(next.bytes);
    } catch (error) {
      if (error.name === 'QuotaExceededError') this.#makeRoom(track);
      else this.#fail(error.message);
      return;
    }
    queue.shift();
    this.#queuedBytes -= next.bytes.length;
    track.appending = next;
  }

  #updated(track) {
    if (this.#closed) return;
    const { unit } = track.appending ?? {};
    track.appending = null;
    if (unit) this.#placed(track, unit);
    this.#pump(track);
  }

  #placed(track, unit) {
    unit.bytes = null; // the browser keeps its own copy
    this.#timeline.add(unit.start, unit);
    if (unit.key) this.#keyStarts.push(unit.start);
    const { buffered } = this.element;
    if (buffered.length === 0) return;
    const end = buffered.end(buffered.length - 1);
    this.#edge.appended({ start: end - this.#frameS, end, caughtUp: !unit.cached && track.queue.length === 0 });
  }

  // ---- room in the SourceBuffers

  #keyBefore(time) {
    return this.#keyStarts.findLast((start) => start <= time) ?? 0;
  }

  /** Removes everything before the start of a GOP; see Mp4Screen. */
  #trim(track, keyStart) {
    const { buffered } = track.buffer;
    if (buffered.length === 0 || keyStart - buffered.start(0) < 0.1) return false;
    this.#keyStarts = this.#keyStarts.filter((start) => start >= keyStart);
    track.buffer.remove(0, keyStart - 0.001);
    return true;
  }

  #makeRoom(track) {
    if (this.#trim(track, this.#keyBefore(this.element.currentTime))) return;
    this.#fail('the browser has no room for the media');
  }

  #dropQueues() {
    let dropped = 1;
    for (const track of this.#tracks.values()) {
      dropped += track.queue.filter((entry) => entry.unit).length;
      track.queue = track.queue.filter((entry) => entry.init);
    }
    this.#queuedBytes = 0;
    for (const { queue } of this.#tracks.values()) {
      for (const { bytes } of queue) this.#queuedBytes += bytes.length;
    }
    this.#splice = true;
    this.#events.dropped(dropped);
    this.#events.overflow();
  }

  #fail(words) {
    if (!this.#closed) this.#events.broken(words);
  }
}
