/**
 * WebSocket, server side.
 */
package io.iocp4j.websocket;
