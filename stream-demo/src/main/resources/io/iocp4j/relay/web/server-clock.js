/*
 * What time it is on the server, learnt from ping and pong. Each Connection has its own, because a new connection may
 * lead to another machine; RelayPlayer reads latencies from it.
 */

const SAMPLES = 8;
const SAMPLES_SETTLED = 4;

/** Times of this machine are those of performance.now(): unlike Date.now() it never steps. */
export class ServerClock {
  #samples = [];
  #best = null;            // of the last samples, the one with the shortest way has the smallest error

  get known() {
    return this.#best !== null;
  }

  get settled() {
    return this.#samples.length >= SAMPLES_SETTLED;
  }

  get rttMs() {
    return this.#best?.rttMs ?? null;
  }

  /** Server time, in ms since 1970, at a time of performance.now(). Only when known. */
  serverMs(at) {
    return at + this.#best.offsetMs;
  }

  add(sentAt, receivedAt, serverMs) {
    const rttMs = receivedAt - sentAt;
    this.#samples.push({ rttMs, offsetMs: serverMs - (sentAt + rttMs / 2) });
    if (this.#samples.length > SAMPLES) this.#samples.shift();
    this.#best = this.#samples.reduce((best, sample) => (sample.rttMs < best.rttMs ? sample : best));
  }
}
