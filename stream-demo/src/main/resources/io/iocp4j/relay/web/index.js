/*
 * The two pages: the dashboard at the root of the relay, and the big player at watch/{path}. Both expose their player
 * as window.relayPlayer, for end-to-end tests and for users of the console.
 */
import { Dashboard } from './dashboard.js';
import { byId } from './elements.js';
import { RelayPlayer } from './player.js';
import { startPublishBox } from './publish-box.js';
import { ROOT, pageUrl } from './site.js';

const WATCH_PATH = /^watch\/([A-Za-z0-9_-]{1,64}(?:\/[A-Za-z0-9_-]{1,64}){0,3})\/?$/;

function play(container, path, onState) {
  const player = new RelayPlayer(container, { path, onState });
  window.relayPlayer = player;
  player.start();
  return player;
}

/** The page at /watch/{path}. */
function startWatchPage() {
  byId('all').href = pageUrl('');
  const path = WATCH_PATH.exec(location.pathname.slice(ROOT.pathname.length))?.[1];
  if (!path) {
    byId('bad-path').hidden = false;
    return;
  }
  byId('name').textContent = path;
  play(byId('player'), path, (state) => {
    document.title = `${path} (${state}) - iocp4j relay`;
  });
}

if (byId('streams')) {
  startPublishBox();
  new Dashboard(play).start();
} else {
  startWatchPage();
}
