package io.iocp4j.core;

/** The operation that a context asks of the port. */
public enum Operation {
    /** Take one connection from a listener. */
    ACCEPT,
    /** Connect a socket to a peer. */
    CONNECT,
    /** Receive some bytes. */
    RECEIVE,
    /** Send some bytes; fewer than asked may be taken. */
    SEND,
    /** Deliver a packet of the application, without I/O (PostQueuedCompletionStatus). */
    POST
}
