package io.iocp4j.core;

/** What happens to the connections of a server that stops. It only moves down this list. */
enum StopMode {
    /** They live. */
    LIVE,
    /** They close in order. */
    CLOSE,
    /** They are cut. */
    ABORT
}
