package io.iocp4j.core;

/** How the connections of a server that stops end. It only moves down this list. */
enum StopMode {
    /** They live. */
    LIVE,
    /** They close in order. */
    CLOSE,
    /** They are cut. */
    ABORT
}
