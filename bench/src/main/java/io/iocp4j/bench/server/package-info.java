/**
 * Servers under test, each in a process of its own ({@link io.iocp4j.bench.server.ServerMain}). They are those of this
 * project, with every engine that runs here and both APIs, and baselines on the JDK alone: one loop of
 * {@code AsynchronousSocketChannel}, one of {@code Selector}, and a virtual thread for each connection.
 *
 * <h2>What a server offers</h2>
 * A name stands for a set of {@linkplain io.iocp4j.bench.server.Servers#features features}:
 * <pre>
 * tcp       echo over TCP
 * tls       echo over TLS on TCP
 * ws        WebSocket /echo: each message comes back
 * fan-out   WebSocket /pub, whose messages go to every WebSocket on /view
 * deflate   permessage-deflate on /echo
 * file      GET /file?size=N over HTTP/1.1: a body of N times the letter x
 * relay     the relay of stream-demo
 * </pre>
 * The baselines have the least code that serves a workload. Their codec of WebSocket takes frames up to
 * {@link io.iocp4j.bench.server.FrameConversation#FRAME_MAX} and no fragments.
 */
package io.iocp4j.bench.server;
