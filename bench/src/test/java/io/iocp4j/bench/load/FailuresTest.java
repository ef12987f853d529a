package io.iocp4j.bench.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("A load counts what a server does wrong, and says it")
class FailuresTest {
    private static final int SIZE = 64;
    private static final long RUN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final PrintStream before = System.err;
    private final ByteArrayOutputStream said = new ByteArrayOutputStream();

    @BeforeEach
    void listen() {
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void restore() {
        System.setErr(before);
    }

    private String said() {
        return said.toString(StandardCharsets.UTF_8);
    }

    /** Echoes ten messages, and then changes one. */
    private static ScriptedServer.Script changing(UnaryOperator<byte[]> change) {
        return (in, out) -> {
            for (int i = 0; i < 10; i++) {
                out.write(in.readNBytes(SIZE));
            }
            out.write(change.apply(in.readNBytes(SIZE)));
            while (in.read() >= 0) {
                continue;
            }
        };
    }

    private static byte[] changed(byte[] message, int place) {
        message[place]++;
        return message;
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"0, an answer begins with 28 instead of 27", "63, an answer ends with -27 instead of -28"})
    @DisplayName("a wrong byte at the beginning or the end of an answer is a failure")
    void wrongByte(int place, String message) throws IOException {
        try (ScriptedServer server = new ScriptedServer(changing(bytes -> changed(bytes, place)));
                Load load = Load.of(Workload.parse("tcp-echo:connections=2"), server.address())) {
            load.open();
            LoadResult result = load.run(RUN_NANOS);
            assertEquals(20, result.messages());
            assertEquals(2, result.failures());
            assertTrue(said().contains(message), said());
        }
    }

    @Test
    @DisplayName("a server that ends connections fails the messages under way, and each later run the lost connections")
    void closes() throws IOException {
        try (ScriptedServer server = new ScriptedServer((in, out) -> out.write(in.readNBytes(SIZE)));
                Load load = Load.of(Workload.parse("tcp-echo:connections=3,inFlight=5"), server.address())) {
            load.open();
            LoadResult first = load.run(RUN_NANOS);
            assertTrue(first.messages() <= 3, first::line);
            assertTrue(first.failures() >= 12 && first.failures() <= 15, first::line);
            // depends on what the load did last
            assertTrue(said().matches("(?s).*(the server ended the connection|reset|Broken pipe).*"), said());
            LoadResult second = load.run(RUN_NANOS);
            assertEquals(0, second.messages());
            assertEquals(3, second.failures());
        }
    }

    @Test
    @DisplayName("more answers than messages are a failure")
    void tooMany() throws IOException {
        try (ScriptedServer server = new ScriptedServer((in, out) -> {
            byte[] message = in.readNBytes(SIZE);
            out.write(message);
            out.write(message);
            out.write(message);
            in.readNBytes(SIZE * SIZE);
        }); Load load = Load.of(Workload.parse("tcp-echo:connections=1,inFlight=1"), server.address())) {
            load.open();
            assertTrue(load.run(RUN_NANOS).failures() > 0);
            assertTrue(said().contains("more answers than messages"), said());
        }
    }

    @Test
    @DisplayName("reasons beyond the fifth are counted, and not printed")
    void manyReasons() throws IOException {
        try (ScriptedServer server = new ScriptedServer((in, out) -> in.readNBytes(SIZE));
                Load load = Load.of(Workload.parse("tcp-echo:connections=20"), server.address())) {
            load.open();
            assertEquals(20, load.run(RUN_NANOS).failures());
            assertEquals(6, said().lines().count(), said());
        }
    }

    @Test
    @DisplayName("a server without WebSocket, and one that is not there, are told before the first run")
    void noServer() throws IOException {
        try (ScriptedServer server = new ScriptedServer(FailuresTest::notFound);
                Load load = Load.of(Workload.parse("ws-echo:connections=1"), server.address())) {
            IOException e = assertThrows(IOException.class, load::open);
            assertEquals("the server does not upgrade /echo: HTTP/1.1 404 Not Found", e.getMessage());
        }
        ScriptedServer gone = new ScriptedServer((in, out) -> { });
        gone.close();
        try (Load load = Load.of(Workload.parse("connect-storm"), gone.address())) {
            assertThrows(IOException.class, load::open);
        }
    }

    private static void notFound(InputStream in, OutputStream out) throws IOException {
        in.read();
        out.write("HTTP/1.1 404 Not Found\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        while (in.read() >= 0) {
            continue;
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', value = {
        "HTTP/1.1 404 Not Found,Content-Length: 0,, | no answer with a Content-Length of 4: HTTP/1.1 404 Not Found",
        "HTTP/1.1 200 OK,Transfer-Encoding: chunked,, | no answer with a Content-Length of 4: HTTP/1.1 200 OK",
        "HTTP/1.1 200 OK,Content-Length: 4,,xxxxx | a body of more than 4 bytes",
        "HTTP/1.1 200 OK,content-length: 4,,xxxy | a body that is not made of the letter x"})
    @DisplayName("a body of another length or of other letters is a failure")
    void wrongFile(String answer, String message) throws IOException {
        byte[] bytes = answer.replace(",", "\r\n").getBytes(StandardCharsets.US_ASCII);
        try (ScriptedServer server = new ScriptedServer((in, out) -> {
            in.read();
            out.write(bytes);
            while (in.read() >= 0) {
                continue;
            }
        }); Load load = Load.of(Workload.parse("file:connections=1,size=4"), server.address())) {
            load.open();
            LoadResult result = load.run(RUN_NANOS);
            assertEquals("0 1", result.messages() + " " + result.failures());
            assertTrue(said().contains(message), said());
        }
    }
}
