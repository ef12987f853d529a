/*
 * The visible part of a player: elements, words and buttons. It knows nothing of sockets and media. Used by
 * RelayPlayer.
 */
import { make, setText } from './elements.js';
import { formatBitrate, formatSize } from './format.js';

const STALL_NOTICE_MS = 3_000;

const STATE_TITLES = {
  stopped: 'Stopped',
  connecting: 'Connecting',
  live: 'Live',
  paused: 'Paused while hidden',
  waiting: 'Waiting for the publisher',
  reconnecting: 'Reconnecting',
  ended: 'Ended',
  error: 'Not playing',
  unsupported: 'Format not supported',
};

const FIGURES = [
  ['latency', 'Latency', 'From the origin of a frame to this screen'],
  ['fps', 'Frame rate', 'Frames shown per second'],
  ['buffer', 'Buffer', 'Media received and not yet shown'],
  ['dropped', 'Dropped', 'Frames dropped by the relay or this page'],
  ['bitrate', 'Bit rate', 'Media received per second'],
  ['picture', 'Picture', 'Width and height in pixels'],
];

/**
 * The stage with picture and cover; below it are badge, figures and full-screen button. Nothing covers a picture that
 * plays, because its corners may carry a clock or a code.
 */
export class PlayerView {
  #path;
  #actions;
  #player = make('div', 'player');
  #stage = make('div', 'stage');
  #badge = make('p', 'badge');
  #cover = make('div', 'cover');
  #title = make('p', 'cover-title');
  #detail = make('p', 'cover-detail');
  #action = make('button', 'button');
  #fullscreen = make('button', 'button plain', 'Full screen');
  #mute = make('button', 'button', 'Sound on');
  #level = make('input', 'volume');
  #figures = new Map();
  #run = null;

  /** The actions connect, rebuild and play are offered to the user when they make sense. */
  constructor(container, path, { connect, rebuild, play, setVolume }) {
    this.#path = path;
    this.#actions = {
      connect: { label: 'Try now', run: connect },
      rebuild: { label: 'Try again', run: rebuild },
      play: { label: 'Click to play', run: play },
    };
    this.#badge.setAttribute('role', 'status');
    this.#action.type = 'button';
    this.#action.addEventListener('click', () => this.#run?.());
    this.#mute.type = 'button';
    this.#mute.hidden = this.#level.hidden = true;
    this.#mute.addEventListener('click', () => setVolume({ muted: this.#mute.dataset.muted !== 'true' }));
    Object.assign(this.#level, { type: 'range', min: 0, max: 1, step: 0.05, value: 1 });
    this.#level.setAttribute('aria-label', 'Volume');
    this.#level.addEventListener('input', () => setVolume({ level: Number(this.#level.value), muted: false }));
    this.#fullscreen.type = 'button';
    this.#fullscreen.addEventListener('click', () => this.#toggleFullscreen());
    this.#stage.addEventListener('dblclick', () => this.#toggleFullscreen());
    this.#cover.append(this.#title, this.#detail, this.#action);
    this.#stage.append(this.#cover);
    const strip = make('div', 'strip');
    strip.append(this.#badge, this.#buildFigures(), this.#mute, this.#level, this.#fullscreen);
    this.#player.append(this.#stage, strip);
    container.replaceChildren(this.#player);
  }

  /** Puts a screen's element behind the cover. */
  mount(element) {
    element.classList.add('screen');
    element.setAttribute('aria-label', `Live picture of stream ${this.#path}`);
    if (element.localName === 'canvas') element.setAttribute('role', 'img');
    this.#stage.prepend(element);
  }

  /** Shows the controls of the sound, or hides them. */
  showSound({ available, muted, level }) {
    this.#mute.hidden = !available;
    this.#level.hidden = !available || muted;
    this.#mute.dataset.muted = String(muted);
    setText(this.#mute, muted ? 'Sound on' : 'Mute');
    this.#level.value = String(level);
  }

  setAspect(width, height) {
    this.#player.style.setProperty('--aspect', String(width / height));
  }

  /**
   * Shows the situation of the player. It has the state and error words; picture, whether there is one to look at;
   * stalledMs, its age; behindMs, how old the frames are that it shows, if that is too old; retrySeconds until the next
   * connection, or null; and whether the player is connected (or about to be), blocked by the browser, or broken.
   */
  show(situation) {
    const { state } = situation;
    const { title = STATE_TITLES[state], detail = '', action = null, cover = true } = this.#describe(situation);
    this.#player.dataset.state = state;
    this.#player.toggleAttribute('data-behind', state === 'live' && situation.behindMs > 0);
    // A screen reader announces the badge, so it changes only when there is news; the countdown is in the cover.
    setText(this.#badge, state === 'live' ? title : STATE_TITLES[state]);
    setText(this.#title, title);
    setText(this.#detail, detail);
    this.#cover.hidden = !cover;
    this.#action.hidden = !action;
    this.#run = action?.run;
    if (action) setText(this.#action, action.label);
  }

  /** Shows the figures. Latency is separate, because here it is the mean of the last second; null without a frame. */
  showFigures(stats, latencyMs) {
    const dropped = stats.framesDropped + stats.framesSkipped;
    const set = (name, text) => setText(this.#figures.get(name), text);
    set('latency', latencyMs === null ? '–' : `${Math.max(0, Math.round(latencyMs))} ms`);
    set('fps', `${stats.fps.toFixed(1)} fps`);
    set('buffer', stats.container === 'mjpeg' ? 'none' : `${Math.round(stats.bufferMs)} ms`);
    set('dropped', dropped === 1 ? '1 frame' : `${dropped} frames`);
    set('bitrate', formatBitrate(stats.bitrate));
    set('picture', formatSize(stats.width, stats.height));
  }

  #buildFigures() {
    const list = make('dl', 'figures');
    for (const [name, label, hint] of FIGURES) {
      const group = make('div', 'figure');
      const value = make('dd', 'figure-value', '–');
      group.title = hint;
      group.append(make('dt', 'figure-label', label), value);
      list.append(group);
      this.#figures.set(name, value);
    }
    return list;
  }

  #describe({ state, error, picture, stalledMs, behindMs, retrySeconds, connected, blocked, broken }) {
    const { connect, rebuild, play } = this.#actions;
    switch (state) {
      case 'live':
        if (blocked) {
          return { title: 'Ready to play', detail: 'The browser waits for your permission.', action: play };
        }
        return {
          title: stalledMs > STALL_NOTICE_MS ? `Live, no picture for ${Math.floor(stalledMs / 1000)} s`
            : behindMs > 0 ? `Behind by ${Math.round(behindMs / 1000)} s` : undefined,
          detail: picture ? '' : 'The first picture is on its way.',
          cover: !picture,
        };
      case 'waiting':
        return { detail: 'The picture appears as soon as there is one.' };
      case 'reconnecting':
        if (retrySeconds === null) return { detail: sentence(error) };
        return { title: `Reconnecting in ${retrySeconds} s`, detail: sentence(error), action: connect };
      case 'ended':
      case 'error': {
        const next = retrySeconds === null ? '' : ` Looking again in ${retrySeconds} s.`;
        const whileConnected = broken ? rebuild : null;
        return { detail: sentence(error) + next, action: connected ? whileConnected : connect };
      }
      case 'unsupported':
        return { detail: sentence(error) };
      default:
        return {};
    }
  }

  #toggleFullscreen() {
    if (document.fullscreenElement) {
      document.exitFullscreen();
    } else if (this.#stage.requestFullscreen) {
      this.#stage.requestFullscreen().catch((error) => console.warn('full screen refused:', error.message));
    } else {
      // iPhones give the full screen to video elements only.
      this.#stage.querySelector('video')?.webkitEnterFullscreen?.();
    }
  }
}

const sentence = (words) => (words ? `${words[0].toUpperCase()}${words.slice(1)}.` : '');
