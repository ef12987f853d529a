/**
 * The parsers for the containers of publishers. They split a stream into init segments and units, and find the key
 * frames, without decoding pictures.
 *
 * <h2>What flows where</h2>
 * <pre>
 * bytes of a publisher, in pieces of any size
 *   v ContainerParser.feed        the first bytes decide which parser takes the stream
 * Fmp4Parser                      boxes (Box, Movie, Fragment); FragmentSamples takes samples out
 * WebmParser                      elements (Ebml, WebmTrack, WebmLacing)
 * TsParser                        packets (TsTables, TsTrack, TsSound)
 * FlvParser, FlvTags              tags, also enhanced ones
 * AnnexBParser                    NAL units (PictureUnits, ParameterSets, Sps)
 * MjpegParser                     JPEG pictures, which go to the listener as they are
 *   v tracks (SampleTrack) and samples, with times
 * Fmp4Muxer                       one unit for each sample, with times that never run back (InitWriter, WebmWriter)
 *   v
 * MediaListener                   onInit(MediaInit), then onUnit(track, bytes, key) for each unit
 * </pre>
 * Fragmented MP4 with one track goes to the listener as it is, without the muxer. {@code CodecString} names codecs for
 * browsers, {@code Sound} and {@code Vpx} read the configurations and headers of codecs.
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
 * {@link io.iocp4j.relay.media.MediaException} that names the place and its offset, if there is one, and where possible
 * what the publisher should change. The parser cannot be used after it.
 */
package io.iocp4j.relay.media;
