/**
 * The rules of HTTP's grammar that requests, responses and handshakes share: tokens, host and port, percent-encoding.
 * Pure functions. Any thread. Not exported.
 */
package io.iocp4j.websocket.http.grammar;
