/*
 * The numbers of a player. A plain object, so that a test or an open console can copy it; only RelayPlayer writes it.
 */
/** A picture is behind when it is this much older than the server lets it become. */
const BEHIND_MARGIN_MS = 1_000;

/** Returns how far behind the picture is, or 0 if that is not worth a word; latency is null before the first frame. */
export const behindMs = (latencyMs, maxLagMs) => (latencyMs > maxLagMs + BEHIND_MARGIN_MS ? latencyMs : 0);

export const newStats = () => ({
  state: 'stopped',        // 'stopped' | 'connecting' | 'live' | 'paused' | 'waiting' | 'reconnecting' | 'ended' |
                           // 'error' | 'unsupported'
  error: null,             // words, while something is wrong
  container: null,         // 'fmp4' | 'webm' | 'mjpeg'
  epoch: null,
  width: 0,                // pixels of the frame shown last
  height: 0,
  framesReceived: 0,       // media messages
  framesShown: 0,          // requestVideoFrameCallback calls, or bitmaps drawn
  framesPresented: 0,      // the same, with the frames that were coalesced into one callback
  framesDropped: 0,        // received, but dropped here
  framesSkipped: 0,        // dropped by the server, as its skip texts say
  bytes: 0,                // payload bytes of media and init
  lastSeq: null,
  seqGaps: 0,              // jumps of the sequence number inside one run of messages
  skips: 0,                // skip texts
  resyncs: 0,              // resync texts sent
  reconnects: 0,           // connections opened after the first one
  seeks: 0,
  nonKeyAfterSkip: 0,      // non-key media where the server owed a key; must stay 0
  latencyMs: null,         // server time now - origin time of the frame shown last
  rttMs: null,
  bufferMs: 0,             // media appended and not yet shown
  rate: 1,                 // playbackRate
  firstFrameMs: null,      // socket open -> first frame of that connection shown
  maxFrameGapMs: 0,        // between two frames shown; reset by a pause, another epoch or another connection
  fps: 0,                  // frames shown during the last second
  bitrate: 0,              // bit/s received during the last second
});
