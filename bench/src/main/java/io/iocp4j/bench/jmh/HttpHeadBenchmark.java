package io.iocp4j.bench.jmh;

import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpLimits;
import io.iocp4j.websocket.http.HttpRequest;
import io.iocp4j.websocket.http.HttpRequestReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The head of an upgrade request as a browser sends it. The baseline looks for its end. One operation is one head. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class HttpHeadBenchmark {
    private static final byte[] HEAD = """
            GET /chat?room=1 HTTP/1.1
            Host: example.org:8080
            Connection: Upgrade
            Pragma: no-cache
            Cache-Control: no-cache
            User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0
            Upgrade: websocket
            Origin: http://example.org:8080
            Sec-WebSocket-Version: 13
            Accept-Encoding: gzip, deflate, br
            Accept-Language: en-GB,en;q=0.9
            Cookie: session=0123456789abcdef0123456789abcdef
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
            Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits

            """.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII);

    private final ByteBuffer head = ByteBuffer.allocateDirect(HEAD.length).put(HEAD).flip();
    private final HttpRequestReader reader = new HttpRequestReader(HttpLimits.defaults());

    /** Constructor for JMH. */
    public HttpHeadBenchmark() {
    }

    /**
     * Looks for the empty line.
     *
     * @return the length of the head
     */
    @Benchmark
    public int baseline() {
        int last = 0;
        head.rewind();
        while (head.hasRemaining() && last != 0x0D0A0D0A) {
            last = last << Byte.SIZE | head.get();
        }
        return head.position();
    }

    /**
     * Reads the head.
     *
     * @return the request
     * @throws HttpException never; otherwise the benchmark is wrong
     */
    @Benchmark
    public HttpRequest read() throws HttpException {
        reader.reset();
        return reader.read(head.rewind());
    }
}
