package io.iocp4j.websocket;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.NoSuchElementException;

/** The messages of a WebSocket with the blocking API, in order. For one thread. */
final class MessageIterator implements Iterator<Message> {
    private final WebSocket socket;
    private Message next;

    MessageIterator(WebSocket socket) {
        this.socket = socket;
    }

    @Override
    public boolean hasNext() {
        try {
            next = next == null ? socket.receive() : next;
            return next != null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Message next() {
        if (!hasNext()) {
            throw new NoSuchElementException("the WebSocket has ended");
        }
        Message message = next;
        next = null;
        return message;
    }
}
