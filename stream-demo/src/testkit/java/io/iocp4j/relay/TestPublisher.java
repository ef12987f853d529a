package io.iocp4j.relay;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** A publisher that sends the sample with chunked encoding, as ffmpeg does. */
final class TestPublisher extends RawPeer {
    private int number;

    private TestPublisher(InetSocketAddress address) throws IOException {
        super(address);
    }

    /** Connects and sends the head of the request. */
    static TestPublisher open(InetSocketAddress address, String path) throws IOException {
        return open(address, path, "");
    }

    /** Connects and sends the head of the request, with more fields, each with its line end. */
    static TestPublisher open(InetSocketAddress address, String path, String fields) throws IOException {
        TestPublisher publisher = new TestPublisher(address);
        publisher.send("PUT /publish/" + path + " HTTP/1.1\r\nHost: localhost\r\n" + fields
                + "Content-Type: video/mp4\r\nTransfer-Encoding: chunked\r\n\r\n");
        return publisher;
    }

    TestPublisher init() throws IOException {
        return chunk(Sample.INIT);
    }

    /** Sends the next frames. Frame 0 is a key frame. */
    TestPublisher frames(int count) throws IOException {
        for (int i = 0; i < count; i++) {
            chunk(Sample.unit(number++));
        }
        return this;
    }

    /** Leaves out the next frames. */
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

    /** Ends the body and returns the head of the response. */
    String end() throws IOException {
        send("0\r\n\r\n");
        return head();
    }
}
