/*
 * A small line chart of the last two minutes, drawn as SVG. Used by the dashboard.
 */
import { make, setText } from './elements.js';

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 160;
const HEIGHT = 36;
/** Samples in a chart: two minutes at one sample in two seconds. */
export const SAMPLES = 60;

/** Values of the last two minutes; null where there was none. */
export class History {
  values = [];

  add(value) {
    this.values.push(Number.isFinite(value) ? value : null);
    if (this.values.length > SAMPLES) this.values.shift();
  }

  get last() {
    return this.values.at(-1) ?? null;
  }
}

/** A label, the newest value in words, and the line. A screen reader hears the range instead of the line. */
export class Chart {
  element = make('figure', 'chart');
  #value = make('span', 'chart-value', '–');
  #picture = document.createElementNS(SVG, 'svg');
  #area = document.createElementNS(SVG, 'path');
  #line = document.createElementNS(SVG, 'path');
  #label;
  #format;

  /** The function format returns a value in words. */
  constructor(label, format) {
    this.#label = label;
    this.#format = format;
    const caption = make('figcaption', 'chart-caption');
    caption.append(make('span', 'chart-label', label), this.#value);
    this.#picture.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
    this.#picture.setAttribute('preserveAspectRatio', 'none');
    this.#picture.setAttribute('role', 'img');
    this.#area.setAttribute('class', 'chart-area');
    this.#line.setAttribute('class', 'chart-line');
    this.#picture.append(this.#area, this.#line);
    this.element.append(caption, this.#picture);
    this.show(new History());
  }

  show(history) {
    const known = history.values.filter((value) => value !== null);
    const [least, most] = [Math.min(...known), Math.max(...known)];
    setText(this.#value, history.last === null ? '–' : this.#format(history.last));
    this.#picture.setAttribute('aria-label', known.length === 0
      ? `${this.#label}: no values yet`
      : `${this.#label} in the last two minutes: ${this.#format(least)} to ${this.#format(most)}`);
    const line = this.#draw(history.values, most > 0 ? most : 1);
    this.#line.setAttribute('d', line);
    const first = SAMPLES - history.values.length;
    this.#area.setAttribute('d', line && known.length === history.values.length
      ? `${line}V${HEIGHT}H${x(first)}Z` : '');
  }

  #draw(values, most) {
    let path = '';
    let pen = 'M';
    values.forEach((value, index) => {
      if (value === null) {
        pen = 'M';
        return;
      }
      const y = HEIGHT - 2 - (value / most) * (HEIGHT - 4);
      path += `${pen}${x(SAMPLES - values.length + index)} ${y.toFixed(1)}`;
      pen = 'L';
    });
    return path;
  }
}

const x = (index) => ((index * WIDTH) / (SAMPLES - 1)).toFixed(1);
