/*
 * Numbers formatted for people. Used by the player's view and by the list of streams.
 */

/** "850 kbit/s", "12.5 Mbit/s". */
export function formatBitrate(bitsPerSecond) {
  if (bitsPerSecond >= 1e6) return `${(bitsPerSecond / 1e6).toFixed(1)} Mbit/s`;
  return `${Math.round(bitsPerSecond / 1e3)} kbit/s`;
}

/** "640 × 360", or a dash while the size is not known. */
export function formatSize(width, height) {
  return width > 0 ? `${width} × ${height}` : '–';
}
