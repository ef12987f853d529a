/*
 * The page at the root of the relay: a player of the most interesting stream, the sums of all streams, the table of
 * streams, and the details of one of them.
 */
import { read } from './api.js';
import { Chart, History } from './chart.js';
import { Details } from './details.js';
import { byId, setText } from './elements.js';
import { formatBitrate, formatCount } from './format.js';
import { avoidNames } from './publish-box.js';
import { pageUrl } from './site.js';
import { StreamTable } from './stream-table.js';

const REFRESH_MS = 2_000;
const REFRESH_AFTER_FAILURE_MS = 5_000;
const TEST_STREAM = 'test';
const SHOWABLE = new Set(['live', 'waiting']);

/** The sums of all streams, each with its last two minutes. */
class Overview {
  #charts = [
    ['Live streams', (count) => String(count), (streams) => streams.filter((each) => each.state === 'live').length],
    ['Viewers', (count) => String(count), (streams) => sum(streams, (each) => each.viewers)],
    ['Received', formatBitrate, (streams) => sum(streams, (each) => (each.state === 'live' ? each.bitrate : 0))],
    ['Sent, about', formatBitrate,
      (streams) => sum(streams, (each) => (each.state === 'live' ? each.bitrate * each.viewers : 0))],
  ].map(([label, format, value]) => ({ chart: new Chart(label, format), history: new History(), value }));

  constructor() {
    byId('overview').append(...this.#charts.map(({ chart }) => chart.element));
  }

  show(streams) {
    for (const { chart, history, value } of this.#charts) {
      history.add(value(streams));
      chart.show(history);
    }
  }
}

const sum = (streams, value) => streams.reduce((total, stream) => total + value(stream), 0);

export class Dashboard {
  #play;
  #player = null;
  #playing = null;         // path
  #placeholder = byId('player').firstElementChild;
  #overview = new Overview();
  #table = new StreamTable((path) => this.#choose(path));
  #details = new Details();
  #chosen = null;          // path that the user chose; the stream that plays otherwise
  #streams = [];
  #timer = 0;
  #asking = false;

  /** The function play(container, path) starts a player and returns it. */
  constructor(play) {
    this.#play = play;
  }

  start() {
    document.addEventListener('visibilitychange', () => this.#refresh());
    this.#refresh();
  }

  async #refresh() {
    clearTimeout(this.#timer);
    if (document.hidden || this.#asking) return;
    this.#asking = true;
    const next = await this.#ask();
    this.#asking = false;
    this.#timer = setTimeout(() => this.#refresh(), next);
  }

  /** Returns the time until the next request for the list, in ms. */
  async #ask() {
    try {
      this.#show(await read('api/v1/streams'));
      this.#setReachable(true, '');
      return REFRESH_MS;
    } catch (error) {
      console.warn('list of streams:', error.message);
      this.#setReachable(false, error.name === 'Error' ? ` It said: ${error.message}.` : '');
      return REFRESH_AFTER_FAILURE_MS;
    }
  }

  #setReachable(reachable, why) {
    byId('unreachable').hidden = reachable;
    setText(byId('unreachable-why'), why);
    for (const id of ['streams', 'overview', 'details']) byId(id).classList.toggle('stale', !reachable);
    if (!reachable && !this.#player) this.#setIdleText('The relay does not answer');
  }

  #show({ streams, version }) {
    this.#streams = streams;
    const viewers = sum(streams, (stream) => stream.viewers);
    const live = streams.filter((stream) => stream.state === 'live').length;
    setText(byId('version'), version ?? '');
    setText(byId('summary'), `${live} live, ${formatCount(viewers, 'viewer')}`);
    this.#choosePlayer(streams);
    avoidNames(new Set(streams.map((stream) => stream.path)));
    this.#overview.show(streams);
    const chosen = this.#shownPath();
    this.#table.show(streams, chosen);
    this.#details.show(streams, chosen);
  }

  #shownPath() {
    return this.#streams.some((stream) => stream.path === this.#chosen) ? this.#chosen : this.#playing;
  }

  #choose(path) {
    this.#chosen = path;
    this.#table.show(this.#streams, path);
    this.#details.show(this.#streams, path);
    byId('details-heading').focus();
  }

  // ---- player

  /** Prefers a user's stream to the test picture. Otherwise the current stream stays as long as it can be shown. */
  #choosePlayer(streams) {
    const live = streams.filter((stream) => stream.state === 'live');
    const best = live.find((stream) => stream.path !== TEST_STREAM && canPlay(stream)) ?? live[0];
    const current = streams.find((stream) => stream.path === this.#playing && SHOWABLE.has(stream.state));
    if (current && (current.path !== TEST_STREAM || !best || best.path === TEST_STREAM)) return;
    this.#switchTo(best?.path ?? null);
  }

  #switchTo(path) {
    if (path === null) this.#setIdleText('No stream is live at the moment');
    if (path === this.#playing) return;
    this.#player?.stop();
    this.#playing = path;
    this.#player = null;
    const link = byId('now');
    setText(link, path ?? '');
    link.hidden = path === null;
    link.href = pageUrl(path === null ? '' : `watch/${path}`);
    if (path === null) byId('player').replaceChildren(this.#placeholder);
    else this.#player = this.#play(byId('player'), path);
  }

  #setIdleText(text) {
    setText(this.#placeholder.firstElementChild, text);
  }
}

/** Tells whether this browser can decode a stream, so that the page does not begin with one that it cannot show. */
function canPlay({ container, mime }) {
  const source = globalThis.ManagedMediaSource ?? globalThis.MediaSource;
  return container !== 'fmp4' || Boolean(source?.isTypeSupported(mime));
}
