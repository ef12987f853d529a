/**
 * Parsers for the container formats of the relay. They find the init segment and the key frames of a stream without
 * decoding it.
 *
 * <p>Everything here is pure: bytes in, callbacks out, no thread, no clock and no channel. One parser belongs to one
 * publisher and is used by one thread at a time.
 */
package io.iocp4j.relay.media;
