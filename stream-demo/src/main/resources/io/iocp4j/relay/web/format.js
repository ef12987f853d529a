/*
 * Numbers formatted for people. Used by the player's view and by the dashboard.
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

/** "29.9 fps". */
export const formatRate = (framesPerSecond) => `${framesPerSecond.toFixed(1)} fps`;

/** "0.4 ms", "12 ms", "3.5 s", or a dash. */
export function formatMillis(millis) {
  if (!Number.isFinite(millis)) return '–';
  if (millis >= 10_000) return `${(millis / 1000).toFixed(1)} s`;
  return millis < 10 ? `${millis.toFixed(1)} ms` : `${Math.round(millis)} ms`;
}

/** "512 B", "20 kB", "1.5 MB". */
export function formatBytes(bytes) {
  if (bytes < 1e3) return `${bytes} B`;
  if (bytes < 1e6) return `${Math.round(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** "1 frame", "3 frames". */
export const formatCount = (count, word) => `${count} ${count === 1 ? word : `${word}s`}`;

/** "42 s", "12 min", "3 h 5 min", "2 d 4 h". */
export function formatDuration(millis) {
  const seconds = Math.floor(Math.max(0, millis) / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (minutes < 1) return `${seconds} s`;
  if (hours < 1) return `${minutes} min`;
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
