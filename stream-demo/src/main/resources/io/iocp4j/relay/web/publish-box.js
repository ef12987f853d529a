/*
 * The box with an ffmpeg command that is ready to run. Used by the dashboard.
 */
import { byId, make } from './elements.js';
import { loginFields, siteUrl } from './site.js';

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

/** A name that no stream has, so that the command does not take a stream from its publisher. */
let name = 'cam1';
let update = () => {};

export function startPublishBox() {
  const source = byId('source');
  const command = byId('command');
  SOURCES.forEach(([label], index) => source.add(new Option(label, String(index))));
  update = () => {
    const [, input] = SOURCES[Number(source.value)];
    const login = Object.entries(loginFields()).map(([field, value]) => `-headers "${field}: ${value}" `).join('');
    const words = `ffmpeg ${input} ${ENCODER} ${MUXER} ${login}${siteUrl(`publish/${name}`)}`.split(' ');
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

/** Changes the name in the command if a stream has it meanwhile. */
export function avoidNames(paths) {
  if (!paths.has(name)) return;
  let number = 1;
  while (paths.has(`cam${number}`)) number++;
  name = `cam${number}`;
  update();
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
