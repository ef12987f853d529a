/*
 * The time on the server, measured with ping and pong. Each Connection has its own clock, because a new connection may
 * reach another machine. RelayPlayer computes latencies with it.
 */

const SAMPLES = 8;
const SAMPLES_SETTLED = 4;

/** Local times are those of performance.now(), which never steps, unlike Date.now(). */
export class ServerClock {
  #samples = [];
  #best = null;            // the sample with the shortest round trip, so with the smallest error

  get known() {
    return this.#best !== null;
  }

  get settled() {
    return this.#samples.length >= SAMPLES_SETTLED;
  }

  get rttMs() {
    return this.#best?.rttMs ?? null;
  }

  /** Returns the server time, in ms since 1970, at a time of performance.now(). Call it only when known is true. */
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
