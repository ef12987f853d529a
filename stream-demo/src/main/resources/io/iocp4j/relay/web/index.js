/*
 * The two pages: the dashboard at the root of the relay, and the big player at watch/{path}. Both expose their player as
 * window.relayPlayer, for end-to-end tests and for users of the console.
 */
import { make, setText } from './elements.js';
import { formatBitrate, formatSize } from './format.js';
import { RelayPlayer } from './player.js';
import { ROOT, loginFields, pageUrl, siteUrl } from './site.js';

const REFRESH_MS = 2_000;
const REFRESH_AFTER_FAILURE_MS = 5_000;
const ANSWER_LIMIT_MS = 5_000;
const TEST_STREAM = 'test';
const WATCH_PATH = /^watch\/([A-Za-z0-9_-]{1,64}(?:\/[A-Za-z0-9_-]{1,64}){0,3})\/?$/;

const STREAM_STATES = { live: 'Live', waiting: 'Waiting', idle: 'Idle' };
const SHOWABLE = new Set(['live', 'waiting']);

const ENCODER = '-c:v libx264 -preset ultrafast -tune zerolatency -profile:v baseline -pix_fmt yuv420p '
  + '-g 30 -keyint_min 30 -sc_threshold 0 -bf 0';
const MUXER = '-f mp4 -movflags frag_every_frame+empty_moov+default_base_moof -flush_packets 1 '
  + '-method PUT -content_type video/mp4';
const SOURCES = [
  ['Test picture', '-re -f lavfi -i testsrc2=size=640x360:rate=30'],
  ['Screen of Windows', '-f gdigrab -framerate 30 -i desktop'],
  ['Screen of Linux (X11)', '-f x11grab -framerate 30 -video_size 1280x720 -i :0.0'],
  ['Screen of macOS', '-f avfoundation -framerate 30 -i "1:none"'],
];

const byId = (id) => document.getElementById(id);

function play(container, path, onState) {
  const player = new RelayPlayer(container, { path, onState });
  window.relayPlayer = player;
  player.start();
  return player;
}

/** The page at /watch/{path}. */
function startWatchPage() {
  const path = WATCH_PATH.exec(location.pathname.slice(ROOT.pathname.length))?.[1];
  if (!path) {
    byId('bad-path').hidden = false;
    return;
  }
  byId('name').textContent = path;
  byId('all').href = pageUrl('');
  play(byId('player'), path, (state) => {
    document.title = `${path} (${state}) - iocp4j relay`;
  });
}

/** The page at /: a player of the most interesting stream, and the list of all of them. */
class Dashboard {
  #player = null;
  #playing = null;         // path
  #placeholder = byId('player').firstElementChild;
  #rows = new Map();       // path -> cells by name
  #timer = 0;
  #asking = false;

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
      const response = await fetch(siteUrl('api/v1/streams'),
        { cache: 'no-store', headers: loginFields(), signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
      if (!response.ok) throw new Error(`status ${response.status}`);
      this.#show(await response.json());
      this.#setReachable(true);
      return REFRESH_MS;
    } catch (error) {
      console.warn('list of streams:', error.message);
      this.#setReachable(false);
      return REFRESH_AFTER_FAILURE_MS;
    }
  }

  #setReachable(reachable) {
    byId('unreachable').hidden = reachable;
    byId('streams').classList.toggle('stale', !reachable);
    if (!reachable && !this.#player) this.#setIdleText('The relay does not answer');
  }

  #show({ streams, version }) {
    const viewers = streams.reduce((sum, stream) => sum + stream.viewers, 0);
    const live = streams.filter((stream) => stream.state === 'live').length;
    setText(byId('version'), version ?? '');
    setText(byId('summary'), `${live} live, ${viewers} ${viewers === 1 ? 'viewer' : 'viewers'}`);
    this.#choose(streams);
    this.#showRows(streams);
  }

  // ---- player

  /** Prefers a user's stream to the test picture. Otherwise the current stream stays as long as it can be shown. */
  #choose(streams) {
    const live = streams.filter((stream) => stream.state === 'live');
    const best = live.find((stream) => stream.path !== TEST_STREAM) ?? live[0];
    const current = streams.find((stream) => stream.path === this.#playing && SHOWABLE.has(stream.state));
    if (current && (current.path !== TEST_STREAM || !best)) return;
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
    else this.#player = play(byId('player'), path);
  }

  #setIdleText(text) {
    setText(this.#placeholder.firstElementChild, text);
  }

  // ---- table

  /** Keeps the rows and changes only their texts, so that keyboard focus and selections survive a refresh. */
  #showRows(streams) {
    byId('streams').hidden = streams.length === 0;
    byId('no-streams').hidden = streams.length > 0;
    const paths = new Set(streams.map((stream) => stream.path));
    for (const [path, row] of this.#rows) {
      if (!paths.has(path)) {
        row.element.remove();
        this.#rows.delete(path);
      }
    }
    let previous = null;
    for (const stream of streams) {
      if (!this.#rows.has(stream.path)) this.#rows.set(stream.path, new StreamRow(stream.path));
      const row = this.#rows.get(stream.path);
      row.show(stream);
      const place = previous ? previous.nextElementSibling : byId('rows').firstElementChild;
      if (place !== row.element) byId('rows').insertBefore(row.element, place);
      previous = row.element;
    }
  }
}

/** One line of the table of streams. */
class StreamRow {
  element = make('tr', '');
  #state = make('span', 'state');
  #cells = {
    format: make('td', 'wide'),
    picture: make('td', 'medium number'),
    fps: make('td', 'medium number'),
    bitrate: make('td', 'number'),
    gop: make('td', 'wide number'),
    viewers: make('td', 'number'),
    dropped: make('td', 'wide number'),
    up: make('td', 'medium number'),
  };

  constructor(path) {
    const name = make('th', '');
    name.scope = 'row';
    const link = make('a', '', path);
    link.href = pageUrl(`watch/${path}`);
    name.append(link);
    const state = make('td', '');
    state.append(this.#state);
    this.element.append(name, state, ...Object.values(this.#cells));
  }

  show(stream) {
    const live = stream.state === 'live';
    const cells = this.#cells;
    this.#state.dataset.state = stream.state;
    setText(this.#state, STREAM_STATES[stream.state] ?? stream.state);
    setText(cells.format, formatName(stream));
    setText(cells.picture, formatSize(stream.width, stream.height));
    setText(cells.fps, live ? `${stream.fps.toFixed(1)} fps` : '–');
    setText(cells.bitrate, live ? formatBitrate(stream.bitrate) : '–');
    setText(cells.gop, stream.gopBytes > 0 ? `${Math.ceil(stream.gopBytes / 1000)} kB` : '–');
    setText(cells.viewers, String(stream.viewers));
    setText(cells.dropped, String(stream.framesDropped));
    setText(cells.up, live ? formatDuration(stream.uptimeMs) : '–');
  }
}

/** "fmp4, avc1.42c01e" or "mjpeg". */
function formatName({ container, mime }) {
  const codecs = /codecs="([^"]*)"/.exec(mime ?? '')?.[1];
  return [container, codecs].filter(Boolean).join(', ') || '–';
}

/** "42 s", "12 min", "3 h 5 min", "2 d 4 h". */
function formatDuration(millis) {
  const seconds = Math.floor(millis / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (minutes < 1) return `${seconds} s`;
  if (hours < 1) return `${minutes} min`;
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** The box with the ready ffmpeg command. */
function startPublishBox() {
  const source = byId('source');
  const command = byId('command');
  SOURCES.forEach(([label], index) => source.add(new Option(label, String(index))));
  const update = () => {
    const [, input] = SOURCES[Number(source.value)];
    const login = Object.entries(loginFields()).map(([name, value]) => `-headers "${name}: ${value}" `).join('');
    const words = `ffmpeg ${input} ${ENCODER} ${MUXER} ${login}${siteUrl('publish/cam1')}`.split(' ');
    // One element per word; otherwise lines would break after the hyphen of an option.
    command.replaceChildren(...words.flatMap((word, index) => [index > 0 ? ' ' : '', make('span', 'word', word)]));
    byId('copied').textContent = '';
  };
  source.addEventListener('change', update);
  update();
  byId('copy').addEventListener('click', async () => {
    byId('copied').textContent = await copy(command);
  });
}

/** Copies the text of an element, and returns a message for the user. */
async function copy(element) {
  getSelection().selectAllChildren(element);
  // Pages from a plain http address in the local network have no clipboard, so the text is selected instead.
  if (!navigator.clipboard) return 'Selected; copy it with the keyboard';
  try {
    await navigator.clipboard.writeText(element.textContent);
    return 'Copied';
  } catch (error) {
    console.warn('clipboard refused:', error.message);
    return 'Selected; copy it with the keyboard';
  }
}

if (byId('streams')) {
  startPublishBox();
  new Dashboard().start();
} else {
  startWatchPage();
}
