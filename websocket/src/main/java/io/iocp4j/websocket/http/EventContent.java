package io.iocp4j.websocket.http;

import java.io.OutputStream;
import java.util.Objects;

/** The content of a response of server-sent events. */
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
