/*
 * The times in fragmented MP4 with one track (ISO/IEC 14496-12). Pure. Used by SoundScreen, which places units itself.
 */

const HEADER_BYTES = 8;

const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Returns the start and end of the body of a box, which the path of types leads to, or null. */
function find(view, path, start = 0, end = view.byteLength) {
  for (let at = start; at + HEADER_BYTES <= end;) {
    const size = view.getUint32(at);
    const type = String.fromCharCode(...[4, 5, 6, 7].map((i) => view.getUint8(at + i)));
    if (size < HEADER_BYTES || at + size > end) return null;
    if (type === path[0]) {
      const body = { start: at + HEADER_BYTES, end: at + size };
      return path.length === 1 ? body : find(view, path.slice(1), body.start, body.end);
    }
    at += size;
  }
  return null;
}

/** Returns the ticks per second of the track in an init segment, or null. */
export function timescaleOf(init) {
  const view = viewOf(init);
  const mdhd = find(view, ['moov', 'trak', 'mdia', 'mdhd']);
  return mdhd ? view.getUint32(mdhd.start + (view.getUint8(mdhd.start) === 1 ? 20 : 12)) : null;
}

/** Returns the time of a unit in ticks, at which it is decoded, or null. */
export function ticksOf(unit) {
  const view = viewOf(unit);
  const tfdt = find(view, ['moof', 'traf', 'tfdt']);
  if (!tfdt) return null;
  // Ticks stay below 2^53 for any stream that ends, so the sum of the two halves is exact.
  return view.getUint8(tfdt.start) === 1
    ? view.getUint32(tfdt.start + 4) * 2 ** 32 + view.getUint32(tfdt.start + 8)
    : view.getUint32(tfdt.start + 4);
}
