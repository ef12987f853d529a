package io.iocp4j.websocket.handshake;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpResponseHead;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The exception of a failed handshake")
class HandshakeExceptionTest {
    private static final HttpResponseHead BUSY =
            new HttpResponseHead(503, true, HttpHeaders.builder().add("Retry-After", "7").build());

    @Test
    @DisplayName("holds status, fields and body, and gives out copies")
    void parts() {
        HandshakeException e = new HandshakeException("the server answered 503", BUSY,
                "sp\u00e4ter".getBytes(StandardCharsets.UTF_8));
        assertEquals(503, e.status());
        assertEquals("7", e.headers().first("retry-after"));
        assertEquals("sp\u00e4ter", e.bodyText());
        e.body()[0] = 'x';
        assertEquals("sp\u00e4ter", e.bodyText());
    }

    @Test
    @DisplayName("without a response has status 0, no fields and no body")
    void nothing() {
        IOException cause = new IOException("x");
        HandshakeException e = new HandshakeException("unreadable", cause);
        assertEquals(0, e.status());
        assertEquals(0, e.headers().size());
        assertArrayEquals(new byte[0], e.body());
        assertSame(cause, e.getCause());
    }

    @Test
    @DisplayName("keeps its status and message through serialisation")
    void serialised() throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ObjectOutputStream objects = new ObjectOutputStream(out)) {
            objects.writeObject(new HandshakeException("busy", BUSY, new byte[1]));
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(out.toByteArray()))) {
            HandshakeException read = (HandshakeException) in.readObject();
            assertEquals(503, read.status());
            assertEquals("busy", read.getMessage());
            assertEquals(0, read.headers().size());
            assertEquals(0, read.body().length);
        }
    }
}
