/*
 * What a player measures: which frames were shown, how late and how evenly. Used by RelayPlayer.
 */
import { behindMs } from './stats.js';

export class Meter {
  /** How far the server lets a viewer fall behind. */
  maxLagMs = 500;

  #stats;
  #newest = null;          // a connection of which no frame was shown yet
  #shownAt = null;
  #sample = { at: 0, bytes: 0, framesShown: 0 };
  #latency = { sum: 0, count: 0 };
  #latencyMs = null;       // the mean of the last second in which frames were shown

  /** @param {object} stats gets the numbers */
  constructor(stats) {
    this.#stats = stats;
  }

  connected(connection) {
    this.#newest = connection;
    this.interrupt();
  }

  /** The next frame does not follow the one on show, so the time between them is no gap. */
  interrupt() {
    this.#shownAt = null;
  }

  /** The next frame is of another epoch. */
  restart() {
    this.interrupt();
    this.#latencyMs = null;
  }

  frame({ unit, at, presented }, clock) {
    const stats = this.#stats;
    stats.framesShown++;
    stats.framesPresented += presented;
    if (this.#shownAt !== null) stats.maxFrameGapMs = Math.max(stats.maxFrameGapMs, at - this.#shownAt);
    this.#shownAt = at;
    if (!unit) return;
    if (this.#newest && unit.connection === this.#newest) {
      stats.firstFrameMs = at - this.#newest.openedAt;
      this.#newest = null;
    }
    if (clock?.known) {
      stats.latencyMs = clock.serverMs(at) - unit.originMs;
      this.#latency.sum += stats.latencyMs;
      this.#latency.count++;
    }
  }

  /** Ends a second. Returns the mean latency of its frames, or null if there were none. */
  tick(screen, clock) {
    const stats = this.#stats;
    const now = performance.now();
    const seconds = (now - this.#sample.at) / 1000;
    stats.fps = (stats.framesShown - this.#sample.framesShown) / seconds;
    stats.bitrate = ((stats.bytes - this.#sample.bytes) * 8) / seconds;
    stats.bufferMs = screen?.bufferMs ?? 0;
    stats.rate = screen?.rate ?? 1;
    stats.rttMs = clock?.rttMs ?? stats.rttMs;
    this.#sample = { at: now, bytes: stats.bytes, framesShown: stats.framesShown };
    const latencyMs = this.#latency.count > 0 ? this.#latency.sum / this.#latency.count : null;
    this.#latency = { sum: 0, count: 0 };
    if (latencyMs !== null) this.#latencyMs = latencyMs;
    return latencyMs;
  }

  /** The text that tells the server how the picture arrives. */
  report(latencyMs) {
    const stats = this.#stats;
    return {
      t: 'stat',
      lag: Math.round(latencyMs ?? 0),
      rtt: Math.round(stats.rttMs ?? 0),
      buf: Math.round(stats.bufferMs),
      shown: stats.framesShown,
      dropped: stats.framesDropped,
    };
  }

  get stalledMs() {
    return this.#shownAt === null ? 0 : performance.now() - this.#shownAt;
  }

  get behindMs() {
    return behindMs(this.#latencyMs, this.maxLagMs);
  }
}
