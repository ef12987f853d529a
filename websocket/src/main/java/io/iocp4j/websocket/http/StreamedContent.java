package io.iocp4j.websocket.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** The content of a stream, which is read once. */
record StreamedContent(InputStream in, long length) implements HttpContent {
    StreamedContent {
        if (length < UNKNOWN) {
            throw new IllegalArgumentException("not a length: " + length);
        }
    }

    @Override
    public void writeTo(OutputStream out) throws IOException {
        try (in) {
            in.transferTo(out);
        }
    }

    @Override
    public void discard() throws IOException {
        in.close();
    }
}
