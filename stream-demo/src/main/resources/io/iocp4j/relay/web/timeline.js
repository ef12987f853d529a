/*
 * The frames that a video element has been given, and which of them is on show. Used by Mp4Screen and SoundScreen.
 */
const LIMIT = 4_096;
const SLACK_S = 0.002;

export class Timeline {
  #element;
  #onFrame;
  #entries = [];           // {start, unit} in seconds of the element, from the unit on show to the newest
  #presented = 0;
  #request = 0;

  /** onFrame({unit, at, width, height, presented}) is called for each frame on show; unit may be null. */
  constructor(element, onFrame) {
    this.#element = element;
    this.#onFrame = onFrame;
    if (!element.requestVideoFrameCallback) {
      // In older browsers, a few samples per second are better than no numbers.
      element.addEventListener('timeupdate', () => this.#frame(performance.now(), element.currentTime, 1));
      return;
    }
    const shown = (now, metadata) => {
      this.#request = element.requestVideoFrameCallback(shown);
      const presented = metadata.presentedFrames - this.#presented;
      this.#presented = metadata.presentedFrames;
      this.#frame(metadata.expectedDisplayTime ?? now, metadata.mediaTime, presented);
    };
    this.#request = element.requestVideoFrameCallback(shown);
  }

  get isEmpty() {
    return this.#entries.length === 0;
  }

  add(start, unit) {
    this.#entries.push({ start, unit });
    if (this.#entries.length > LIMIT) this.#entries.shift();
  }

  clear() {
    this.#entries = [];
  }

  close() {
    this.#element.cancelVideoFrameCallback?.(this.#request);
  }

  #frame(at, mediaTime, presented) {
    const passed = (entry) => entry !== undefined && entry.start <= mediaTime + SLACK_S;
    while (passed(this.#entries[1])) this.#entries.shift();
    const unit = passed(this.#entries[0]) ? this.#entries[0].unit : null;
    if (unit) unit.joining.shown = true;
    const { videoWidth: width, videoHeight: height } = this.#element;
    this.#onFrame({ unit, at, width, height, presented });
  }
}
