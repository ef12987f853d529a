package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** In a process of its own, since the JDK reads the limit of a key once. */
@DisplayName("New keys under way (KeyUpdate, RFC 8446 section 4.6.3)")
class TlsKeyUpdateTest {
    private static final int LENGTH = 2 << 20;
    private static final int UPDATES_MIN = 10;

    @Test
    @DisplayName("come every 128 KiB here, in both directions, and no byte is lost")
    void manyKeys(@TempDir Path directory) throws Exception {
        Path properties = directory.resolve("few.security");
        Files.writeString(properties,
                "jdk.tls.keyLimits=AES/GCM/NoPadding KeyUpdate 2^17, ChaCha20-Poly1305 KeyUpdate 2^17\n");
        Path output = directory.resolve("output");
        Process child = new ProcessBuilder(JavaProgram.command(
                "-Djava.security.properties=" + properties, "-Djavax.net.debug=ssl,handshake", "-cp",
                System.getProperty("java.class.path"), Echo.class.getName()))
                .redirectErrorStream(true).redirectOutput(output.toFile()).start();
        try {
            assertTrue(child.waitFor(3 * Recorder.DEADLINE_SECONDS, TimeUnit.SECONDS), "still running");
        } finally {
            child.destroyForcibly();
        }
        String said = Files.readString(output, StandardCharsets.UTF_8);
        assertEquals(0, child.exitValue(), () -> said.substring(Math.max(0, said.length() - 4_000)));
        int updates = said.split("Produced KeyUpdate post-handshake message", -1).length - 1;
        assertTrue(updates >= UPDATES_MIN, "keys were updated " + updates + " times");
    }

    /** A client of ours and an echo server of ours. */
    static final class Echo {
        private Echo() {
        }

        /** Ends with an exception if anything is not as it was sent. */
        public static void main(String[] arguments) throws IOException, InterruptedException {
            TcpOptions options = TcpOptions.defaults().loopback(0);
            byte[] bytes = new byte[LENGTH];
            new SplittableRandom(1).nextBytes(bytes);
            try (CompletionPort port = CompletionPort.open(PortOptions.defaults().workers(2))) {
                TcpServer server = TcpServer.listen(port, options.tls(TestKeys.LOCALHOST.context()),
                        connection -> new TcpHandler() {
                    @Override
                    public void onData(TcpConnection c, ByteBuffer data) {
                        c.send(data);
                    }
                });
                TcpOptions trusting = options.tls(TestKeys.trusting());
                TcpConnection client = TcpClient.connect(port, trusting, "localhost", server.address().getPort());
                Thread writer = Thread.ofVirtual().start(() -> write(client, bytes));
                ByteBuffer echoed = ByteBuffer.allocate(LENGTH);
                while (echoed.hasRemaining()) {
                    echoed.put(client.read());
                }
                writer.join();
                assertArrayEquals(bytes, echoed.array());
            }
        }

        private static void write(TcpConnection client, byte[] bytes) {
            try {
                client.write(ByteBuffer.wrap(bytes));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
