/**
 * Workloads, and the process that runs one of them against any server ({@link io.iocp4j.bench.load.LoadMain}). It uses
 * the JDK alone, and no code of the servers that it measures: it has its own code for HTTP, WebSocket and TLS.
 *
 * <h2>The way of a message</h2>
 * <pre>
 * Requests     the bytes to send: one block that repeats, so a waiting message needs no memory
 *   v
 * Connection   one connection: how far it has sent, when each message left
 *   v Wire     a socket, plain or with TLS
 * server
 *   v Wire
 * Answers      cuts the bytes into answers and checks them: EchoAnswers, FrameReader and those derived from it
 *   v
 * Tally        messages, bytes, failures, durations of one run
 * </pre>
 * One thread runs all of it, in {@link io.iocp4j.bench.load.Load}. An echo over TCP or WebSocket and a fan-out allocate
 * nothing per message. Messages that are due together on one connection need one system call to write, and their
 * answers one to read. TLS and compression allocate.
 *
 * <h2>Time</h2>
 * In a closed loop a duration begins when the message is written. In an open loop it begins when the message should
 * have been written. The durations therefore include the time that messages wait because the server stalls.
 */
package io.iocp4j.bench.load;
