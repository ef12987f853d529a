package io.iocp4j.relay;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** A publisher that sends the sample in chunks, as ffmpeg does. */
final class TestPublisher extends RawPeer {
    private int number;

    private TestPublisher(InetSocketAddress address) throws IOException {
        super(address);
    }

    /** Sends the head of the request only. */
    static TestPublisher open(InetSocketAddress address, String path) throws IOException {
        TestPublisher publisher = new TestPublisher(address);
        publisher.send("PUT /publish/" + path + " HTTP/1.1\r\nHost: localhost\r\n"
                + "Content-Type: video/mp4\r\nTransfer-Encoding: chunked\r\n\r\n");
        return publisher;
    }

    TestPublisher init() throws IOException {
        return chunk(Sample.INIT);
    }

    /** The next pictures, beginning with number 0, which is a key. */
    TestPublisher frames(int count) throws IOException {
        for (int i = 0; i < count; i++) {
            chunk(Sample.unit(number++));
        }
        return this;
    }

    /** Leaves pictures out. */
    TestPublisher skip(int count) {
        number += count;
        return this;
    }

    TestPublisher chunk(byte[] bytes) throws IOException {
        ByteArrayOutputStream chunk = new ByteArrayOutputStream(bytes.length + 16);
        chunk.writeBytes((Integer.toHexString(bytes.length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
        chunk.writeBytes(bytes);
        chunk.writeBytes(new byte[] {'\r', '\n'});
        send(chunk.toByteArray());
        return this;
    }

    /** Ends the body; the answer. */
    String end() throws IOException {
        send("0\r\n\r\n");
        return head();
    }
}
