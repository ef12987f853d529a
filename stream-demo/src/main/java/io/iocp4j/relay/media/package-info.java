/**
 * The parser for fragmented MP4 (ISO/IEC 14496-12), the container format of the relay. It splits a stream into init
 * segments and units, and finds the key frames, without decoding pictures.
 *
 * <h2>What flows where</h2>
 * <pre>
 * bytes of a publisher, in pieces of any size
 *   v Fmp4Parser.feed
 * Fmp4Parser       reads the header of each box, and decides whether its bytes are kept or skipped
 *   v
 * ByteCollector    one for the init segment and one for the current unit
 *   | moov: Box, then Movie       the tracks (Track, NalFormat) and the MIME type for a browser (CodecString)
 *   | moof: Box, then Fragment    the end of the unit's data; whether its first picture is a key frame (NalFormat)
 *   v
 * MediaListener    onInit(MediaInit), then onUnit(bytes, facts) for each unit
 * </pre>
 *
 * <h2>Who owns what</h2>
 * The caller of {@code feed} owns the buffer again when it returns. The parser owns its collectors until
 * {@code release}; each growth must be admitted by {@link io.iocp4j.relay.media.MediaMemory}. A listener may keep a
 * {@link io.iocp4j.relay.media.MediaInit}, which is a copy. The bytes of a unit are valid only during {@code onUnit}.
 *
 * <h2>Threads</h2>
 * There is no thread, lock, clock or I/O here. One parser belongs to one publisher and is used by one thread at a time,
 * which also runs the listener: in the relay, the worker that received the bytes.
 *
 * <h2>Limits and errors</h2>
 * {@link io.iocp4j.relay.media.MediaLimits} bounds sizes, nesting and tracks. Memory grows with the received bytes, not
 * with a declared size. Malformed input, an exceeded limit or refused memory is a
 * {@link io.iocp4j.relay.media.MediaException} that names the box and its offset, if there is one. The parser cannot be
 * used after it.
 */
package io.iocp4j.relay.media;
