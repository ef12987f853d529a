/*
 * Tells when something happens too often. Used by RelayPlayer and Sound.
 */
export class Burst {
  #count;
  #windowMs;
  #times = [];

  /** A burst is so many events within this time. */
  constructor(count, windowMs) {
    this.#count = count;
    this.#windowMs = windowMs;
  }

  /** Counts an event. Returns true if it completes a burst. */
  add() {
    const now = performance.now();
    this.#times = this.#times.filter((at) => now - at < this.#windowMs);
    return this.#times.push(now) >= this.#count;
  }

  clear() {
    this.#times = [];
  }
}
