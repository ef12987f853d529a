/**
 * The codec of frames and messages (RFC 6455 sections 5 and 8, RFC 7692): bytes in, callbacks out. It can be used on
 * its own.
 *
 * <h2>The way of the data</h2>
 * <pre>
 * bytes of the peer
 *   v
 * FrameDecoder       bytes to headers and pieces of payload; unmasks in place; rules of one header
 *   v FrameListener
 * MessageAssembler   frames to messages, or parts of them; rules between frames; Utf8Checker, MessageInflater
 *   v MessageListener
 * the application
 *
 * the application
 *   v
 * MessageDeflater    compresses a message, or a part of one
 * FrameEncoder       writes the header; MaskKeys and Masker at a client
 *   v
 * bytes for the peer
 * </pre>
 *
 * <h2>Ownership and threads</h2>
 * No class here does I/O or has a thread, a clock or a log. Each object with state serves one direction of one
 * connection, one thread at a time. Buffers are lent for the call in both directions.
 *
 * <p>{@link io.iocp4j.websocket.frame.MessageDeflater} and {@link io.iocp4j.websocket.frame.MessageInflater} hold
 * memory outside the heap. They are reference-counted, and their creator releases them.
 *
 * <p>A violation is a {@link io.iocp4j.websocket.frame.ProtocolException} with the close code of the RFC. Nothing more
 * may be decoded after it.
 */
package io.iocp4j.websocket.frame;
