/*
 * The details of one stream on the dashboard: its publisher, charts, and its viewers with their numbers.
 */
import { end, makeLink, read } from './api.js';
import { Chart, History } from './chart.js';
import { byId, make, makeButton, setText, showRows } from './elements.js';
import { formatBitrate, formatBytes, formatCount, formatDuration, formatMillis, formatRate } from './format.js';
import { pageUrl } from './site.js';

/** The most viewers that are asked for and listed; a page of a thousand rows helps nobody. */
const VIEWERS_SHOWN = 100;
const CONFIRM_MS = 4_000;
/** The browsers that name themselves otherwise. */
const BROWSERS = { Edg: 'Edge', OPR: 'Opera', Version: 'Safari' };

const CHARTS = [
  ['bitrate', 'Bit rate', formatBitrate],
  ['fps', 'Frame rate', formatRate],
  ['viewers', 'Viewers', (count) => String(Math.round(count))],
  ['lag', 'Greatest lag', formatMillis],
  ['rtt', 'Median round trip', formatMillis],
  ['drops', 'Dropped', (frames) => `${frames.toFixed(1)} per s`],
];

/** What is remembered of each stream, whether or not it is the one that is shown. */
class StreamHistory {
  series = new Map(CHARTS.map(([name]) => [name, new History()]));
  #dropped = null;
  #at = 0;

  add(stream) {
    const live = stream.state === 'live';
    const now = performance.now();
    const seconds = (now - this.#at) / 1000;
    const drops = this.#dropped === null ? 0 : Math.max(0, stream.framesDropped - this.#dropped) / seconds;
    this.#dropped = stream.framesDropped;
    this.#at = now;
    this.series.get('bitrate').add(live ? stream.bitrate : 0);
    this.series.get('fps').add(live ? stream.fps : 0);
    this.series.get('viewers').add(stream.viewers);
    this.series.get('drops').add(drops);
  }

  addViewers(viewers) {
    const trips = viewers.map((viewer) => viewer.rttMs).filter(Number.isFinite).sort((a, b) => a - b);
    this.series.get('lag').add(Math.max(0, ...viewers.map((viewer) => viewer.lagMs)));
    this.series.get('rtt').add(trips.length > 0 ? trips[Math.floor(trips.length / 2)] : null);
  }
}

/** A button that acts on the second click, so that nobody is ended by accident. */
function makeEndButton(label, name, path) {
  let timer = 0;
  const rest = () => {
    timer = 0;
    setText(button, label);
    button.classList.remove('sure');
  };
  const button = makeButton('button plain', label, async () => {
    if (timer === 0) {
      setText(button, `Sure? ${label}`);
      button.classList.add('sure');
      timer = setTimeout(rest, CONFIRM_MS);
      return;
    }
    clearTimeout(timer);
    rest();
    try {
      await end(path);
      setText(byId('done'), `${name} was ended.`);
    } catch (error) {
      setText(byId('done'), `${name} was not ended: ${error.message}`);
    }
  });
  button.setAttribute('aria-description', name);
  return button;
}

export class Details {
  #histories = new Map();  // path -> StreamHistory
  #charts = new Map();     // name -> Chart
  #rows = new Map();       // viewer id -> row
  #facts = new Map();      // name -> element
  #path = null;
  #asking = false;

  constructor() {
    for (const [name, label, format] of CHARTS) {
      const chart = new Chart(label, format);
      this.#charts.set(name, chart);
      byId('charts').append(chart.element);
    }
    for (const label of ['Publisher', 'Program', 'Codecs', 'Key frames every', 'B-frames', 'Lost before the relay',
      'Waiting for viewers', 'Cache for joins']) {
      const group = make('div', 'figure');
      const value = make('dd', 'figure-value', '–');
      group.append(make('dt', 'figure-label', label), value);
      byId('facts').append(group);
      this.#facts.set(label, value);
    }
    byId('make-link').addEventListener('click', () => this.#makeLink());
  }

  /** Takes the newest list of streams, and shows the stream of this path; null for none. */
  show(streams, path) {
    const paths = new Set(streams.map((stream) => stream.path));
    for (const known of this.#histories.keys()) if (!paths.has(known)) this.#histories.delete(known);
    for (const stream of streams) {
      if (!this.#histories.has(stream.path)) this.#histories.set(stream.path, new StreamHistory());
      this.#histories.get(stream.path).add(stream);
    }
    const stream = streams.find((each) => each.path === path);
    byId('details').hidden = !stream;
    if (!stream) {
      this.#path = null;
      return;
    }
    if (path !== this.#path) this.#begin(path);
    this.#showFacts(stream);
    const history = this.#histories.get(path);
    for (const [name, chart] of this.#charts) chart.show(history.series.get(name));
    this.#showViewers(stream);
  }

  #begin(path) {
    this.#path = path;
    setText(byId('details-name'), path);
    setText(byId('done'), '');
    byId('link-row').hidden = true;
    byId('watch').href = pageUrl(`watch/${path}`);
    byId('end-publisher').replaceChildren(
      makeEndButton('End publisher', `The publisher of ${path}`, `api/v1/publishers/${path}`));
  }

  async #makeLink() {
    try {
      byId('link').value = await makeLink(this.#path, '1h');
      byId('link-row').hidden = false;
      byId('link').select();
      setText(byId('done'), 'The link is made.');
    } catch (error) {
      setText(byId('done'), `There is no link: ${error.message}`);
    }
  }

  #showFacts(stream) {
    const { publisher } = stream;
    const set = (label, text) => setText(this.#facts.get(label), text || '–');
    set('Publisher', publisher ? publisher.address ?? 'in the relay' : 'none at the moment');
    set('Program', publisher?.agent);
    set('Codecs', stream.codecs);
    set('Key frames every', stream.gopSeconds > 0 ? `${stream.gopSeconds.toFixed(1)} s` : '');
    set('B-frames', publisher ? (publisher.bframes ? 'yes, they add delay' : 'no') : '');
    set('Lost before the relay', publisher ? formatCount(publisher.lost, 'frame') : '');
    set('Waiting for viewers', formatBytes(stream.queueBytes));
    set('Cache for joins', stream.gopCached ? formatBytes(stream.gopBytes) : 'too few key frames');
    byId('end-publisher').hidden = !publisher || publisher.address === null;
  }

  async #showViewers({ path, viewers: count }) {
    if (this.#asking) return;
    this.#asking = true;
    try {
      const { viewers } = await read(`api/v1/viewers?limit=${VIEWERS_SHOWN}&path=${encodeURIComponent(path)}`);
      this.#histories.get(path)?.addViewers(viewers);
      if (path !== this.#path) return;
      const more = Math.max(0, count - viewers.length);
      setText(byId('viewers-heading'), formatCount(viewers.length + more, 'viewer'));
      byId('viewers').hidden = viewers.length === 0;
      setText(byId('more-viewers'), viewers.length === VIEWERS_SHOWN && more > 0 ? `and ${more} more` : '');
      showRows(byId('viewer-rows'), this.#rows, viewers, (viewer) => viewer.id, (id) => new ViewerRow(id));
    } catch (error) {
      console.warn('list of viewers:', error.message);
    } finally {
      this.#asking = false;
    }
  }
}

/** One line of the table of viewers. */
class ViewerRow {
  element = make('tr', '');
  #cells = {
    address: make('td', 'address'),
    agent: make('td', 'wide agent'),
    since: make('td', 'medium number'),
    lag: make('td', 'number'),
    rtt: make('td', 'medium number'),
    queue: make('td', 'wide number'),
    dropped: make('td', 'medium number'),
    sent: make('td', 'wide number'),
    state: make('td', 'medium'),
  };

  constructor(id) {
    const name = make('th', '', id);
    name.scope = 'row';
    const action = make('td', 'number');
    action.append(makeEndButton('End', `Viewer ${id}`, `api/v1/viewers/${id}`));
    this.element.append(name, ...Object.values(this.#cells), action);
  }

  show(viewer) {
    const cells = this.#cells;
    setText(cells.address, viewer.address);
    setText(cells.agent, shortAgent(viewer.agent));
    cells.agent.title = viewer.agent;
    setText(cells.since, formatDuration(Date.now() - Date.parse(viewer.since)));
    setText(cells.lag, formatMillis(viewer.lagMs));
    setText(cells.rtt, formatMillis(viewer.rttMs ?? NaN));
    setText(cells.queue, formatBytes(viewer.queueBytes));
    setText(cells.dropped, String(viewer.framesDropped));
    setText(cells.sent, formatBytes(viewer.bytesSent));
    setText(cells.state, viewer.state);
  }
}

/** "Chrome 131" instead of the whole line that a browser sends. */
function shortAgent(agent) {
  const found = /(Edg|OPR|Firefox|Chrome)\/(\d+)/.exec(agent) ?? /(Version)\/(\d+)\S* .*Safari\//.exec(agent);
  if (found) return `${BROWSERS[found[1]] ?? found[1]} ${found[2]}`;
  return agent.length > 30 ? `${agent.slice(0, 30)}…` : agent || '–';
}
