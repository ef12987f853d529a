package io.iocp4j.websocket.http;

import java.io.OutputStream;
import java.util.Objects;

/** The server-sent events of one response, as its content. */
record EventContent(EventStream.Source source) implements HttpContent {
    EventContent {
        Objects.requireNonNull(source, "source");
    }

    @Override
    public void writeTo(OutputStream out) throws Exception {
        EventStream events = new EventStream(out);
        try {
            source.run(events);
        } finally {
            events.end();
        }
    }

    @Override
    public boolean isOpenEnded() {
        return true;
    }
}
