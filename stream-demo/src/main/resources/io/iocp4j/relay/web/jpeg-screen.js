/*
 * Motion JPEG on a canvas. One of the two screens of RelayPlayer; player.js defines them.
 */

const BAD_PICTURES_LIMIT = 30;

/** A canvas. One picture is decoded at a time, and only the newest one waits. A slow machine skips but never lags. */
export class JpegScreen {
  element = document.createElement('canvas');
  bufferMs = 0;
  rate = 1;

  #events;
  #context = this.element.getContext('2d', { alpha: false });
  #waiting = null;
  #decoding = false;
  #badPictures = 0;
  #closed = false;

  /** Returns null: every browser decodes JPEG. */
  static unsupportedReason() {
    return null;
  }

  constructor(mime, events) {
    this.#events = events;
  }

  /** Does nothing, because every picture stands alone. */
  join() {}

  /** Does nothing, because JPEG has no init segment. */
  init() {}

  /** Does nothing, because a canvas needs no permission. */
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
