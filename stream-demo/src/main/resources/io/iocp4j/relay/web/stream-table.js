/*
 * The table of streams on the dashboard.
 */
import { ask } from './api.js';
import { byId, make, makeButton, setText, showRows } from './elements.js';
import { formatBitrate, formatCount, formatDuration, formatRate, formatSize } from './format.js';
import { pageUrl } from './site.js';

const STREAM_STATES = { live: 'Live', waiting: 'Waiting' };
const POSTER_MS = 5_000;

/** The rows, and which of them is chosen for the details below the table. */
export class StreamTable {
  #rows = new Map();       // path -> row
  #choose;

  /** The function choose(path) is called when the user chooses a stream. */
  constructor(choose) {
    this.#choose = choose;
  }

  show(streams, chosen) {
    byId('streams').hidden = streams.length === 0;
    byId('no-streams').hidden = streams.length > 0;
    showRows(byId('rows'), this.#rows, streams, (stream) => stream.path,
      (path) => new StreamRow(path, () => this.#choose(path)));
    for (const [path, row] of this.#rows) row.setChosen(path === chosen);
  }
}

class StreamRow {
  element = make('tr', '');
  #poster;
  #state = make('span', 'state');
  #details;
  #cells = {
    picture: make('td', 'medium number'),
    fps: make('td', 'medium number'),
    bitrate: make('td', 'medium number'),
    gop: make('td', 'wide number'),
    viewers: make('td', 'number'),
    dropped: make('td', 'wide number'),
    up: make('td', 'wide number'),
  };

  constructor(path, choose) {
    this.#poster = new Poster(path);
    const name = make('th', 'stream-name');
    name.scope = 'row';
    const link = make('a', '', path);
    link.href = pageUrl(`watch/${path}`);
    link.title = 'Watch';
    const names = make('div', 'stream-link');
    names.append(this.#poster.element, link);
    name.append(names);
    const state = make('td', '');
    state.append(this.#state);
    const action = make('td', 'number');
    this.#details = makeButton('button plain', 'Details', choose);
    this.#details.setAttribute('aria-label', `Details of ${path}`);
    this.#details.setAttribute('aria-controls', 'details');
    action.append(this.#details);
    this.element.append(name, state, ...Object.values(this.#cells), action);
  }

  setChosen(chosen) {
    this.element.classList.toggle('chosen', chosen);
    this.#details.setAttribute('aria-pressed', String(chosen));
  }

  show(stream) {
    const live = stream.state === 'live';
    const cells = this.#cells;
    this.#poster.show(stream);
    this.#state.dataset.state = stream.state;
    setText(this.#state, STREAM_STATES[stream.state] ?? stream.state);
    setText(cells.picture, formatSize(stream.width, stream.height));
    setText(cells.fps, live ? formatRate(stream.fps) : '–');
    setText(cells.bitrate, live ? formatBitrate(stream.bitrate) : '–');
    setText(cells.gop, live && stream.gopSeconds > 0 ? `${stream.gopSeconds.toFixed(1)} s` : '–');
    setText(cells.viewers, String(stream.viewers));
    setText(cells.dropped, formatCount(stream.framesDropped, 'frame'));
    setText(cells.up, live ? formatDuration(stream.uptimeMs) : '–');
  }
}

/** The newest picture of a stream of pictures. A video would need a player of its own, so it has a sign instead. */
class Poster {
  element = make('span', 'poster');
  #path;
  #address = null;
  #loadedAt = -Infinity;

  constructor(path) {
    this.#path = path;
    this.element.setAttribute('aria-hidden', 'true');
  }

  show(stream) {
    if (stream.container !== 'mjpeg' || stream.state !== 'live') {
      setText(this.element, stream.state === 'live' ? '▶' : '–');
    } else if (performance.now() - this.#loadedAt >= POSTER_MS) {
      this.#loadedAt = performance.now();
      this.#load();
    }
  }

  /** Asks as the API is asked, because an address in an image element carries no login. */
  async #load() {
    try {
      const response = await ask('GET', `snapshot/${this.#path}.jpg`);
      const image = new Image();
      image.alt = '';
      image.src = URL.createObjectURL(await response.blob());
      await image.decode();
      this.element.replaceChildren(image);
      if (this.#address) URL.revokeObjectURL(this.#address);
      this.#address = image.src;
    } catch (error) {
      console.debug('no picture of', this.#path, error.message);
    }
  }
}
