package io.iocp4j.relay;

import io.iocp4j.websocket.SharedMessage;

/** An item to send. The queue holds a reference to the unit, or to the message if it is text. */
record QueuedItem(SharedMessage text, MediaUnit unit, int flags, long sinceNanos) {
    boolean isMedia() {
        return unit != null && !unit.isInit();
    }

    int bytes() {
        return unit == null ? text.payloadLength() : unit.bytes();
    }

    void release() {
        if (unit == null) {
            text.release();
        } else {
            unit.release();
        }
    }
}
