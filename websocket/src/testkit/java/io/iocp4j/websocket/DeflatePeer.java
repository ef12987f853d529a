package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iocp4j.websocket.frame.DeflateReader;
import java.io.IOException;

/** A client of plain bytes that has offered compression, and a reader of DEFLATE that is not the JDK's. */
final class DeflatePeer implements AutoCloseable {
    private static final int RSV1 = 0x40;

    final RawClient raw;
    final RawClient.Response response;
    final DeflateReader reader = new DeflateReader();

    DeflatePeer(TestServer server, String offer) throws IOException {
        raw = server.connect();
        raw.send(RawClient.upgradeHead("/", "Sec-WebSocket-Extensions: " + offer));
        response = raw.response();
        assertEquals(101, response.status());
    }

    /** The payload of the next frame, which has to have this first octet and RSV1. */
    byte[] compressed(int firstOctet) throws IOException {
        RawClient.Frame frame = raw.frame();
        assertEquals(firstOctet | RSV1, frame.firstOctet());
        return frame.payload();
    }

    byte[] inflated(int firstOctet) throws IOException {
        return reader.message(compressed(firstOctet));
    }

    @Override
    public void close() throws IOException {
        raw.close(1000);
        raw.assertClose(1000);
        raw.close();
    }
}
