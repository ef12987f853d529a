package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.JavaProgram;
import io.iocp4j.websocket.ChildProcess;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A relay with 64 MiB of heap and of direct memory, and publishers that break no limit of their own. */
@DisplayName("A relay whose publishers make it hold too much")
class RelayMemoryTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int MIB = 1 << 20;

    /** What each publisher sends, and how many there are. */
    enum Attack {
        /** The beginning of a movie box of 1 MiB. */
        MOVIES(130) {
            @Override
            byte[] bytes() {
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                byte[] brand = box("ftyp", 16);
                out.writeBytes(brand);
                out.write(box("moov", MIB - brand.length), 0, MIB - brand.length - 1);
                return out.toByteArray();
            }
        },
        /** A real init segment, and the beginning of a box of 7 MiB. */
        FRAMES(28) {
            @Override
            byte[] bytes() throws IOException {
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                out.writeBytes(Sample.INIT);
                out.writeBytes(Sample.unit(0));
                // the fragment is complete, and what follows in front of the next one is kept with it
                out.write(box("emsg", 7 * MIB), 0, 7 * MIB - 1);
                return out.toByteArray();
            }
        };

        private final int publishers;

        Attack(int publishers) {
            this.publishers = publishers;
        }

        abstract byte[] bytes() throws IOException;
    }

    private static byte[] box(String type, int length) {
        return ByteBuffer.allocate(length).putInt(length).put(type.getBytes(StandardCharsets.US_ASCII)).array();
    }

    /** Counts the frames that come. */
    private static final class Frames implements WebSocket.Listener {
        private final Semaphore frames = new Semaphore(0);
        private final CompletableFuture<String> closed = new CompletableFuture<>();

        @Override
        public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
            frames.release(last ? 1 : 0);
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            closed.complete(code + " " + reason);
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable thrown) {
            closed.complete(thrown.toString());
        }

        void goOn() throws InterruptedException {
            frames.drainPermits();
            assertTrue(frames.tryAcquire(3, LIMIT.toSeconds(), TimeUnit.SECONDS), () -> "no frames: " + closed.getNow("open"));
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("refuses or ends those that hold most; its viewers go on, its pages answer, and it lets new ones in afterwards")
    void attack(Attack attack) throws Exception {
        List<String> command = JavaProgram.command("-Xmx64m",
                "-XX:MaxDirectMemorySize=64m", "--module-path", RelayProcess.modulePath(),
                "--module", "io.iocp4j.relay/io.iocp4j.relay.Main", "serve", "--port", "0");
        List<Socket> publishers = new ArrayList<>();
        try (ChildProcess relay = ChildProcess.start("relay-memory-" + attack, new ProcessBuilder(command));
                HttpClient client = HttpClient.newHttpClient()) {
            URI address = URI.create(RelayProcess.address(relay.awaitLine(RelayProcess.ADDRESS, LIMIT)));
            Frames viewer = new Frames();
            WebSocket socket = client.newWebSocketBuilder().buildAsync(URI.create("ws://" + address.getAuthority() + "/live/test"), viewer)
                    .get(LIMIT.toSeconds(), TimeUnit.SECONDS);
            viewer.goOn();
            byte[] bytes = attack.bytes();
            for (int i = 0; i < attack.publishers; i++) {
                Socket publisher = new Socket(InetAddress.getLoopbackAddress(), address.getPort());
                publishers.add(publisher);
                String head = "PUT /publish/a" + i + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: video/mp4\r\nContent-Length: "
                        + (1L << 40) + "\r\n\r\n";
                Thread.ofVirtual().start(() -> {
                    try {
                        publisher.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
                        publisher.getOutputStream().write(bytes);
                    } catch (IOException e) {
                        // it was refused, which is what has to happen to some of them
                    }
                });
            }
            viewer.goOn();
            // while memory is tight newcomers wait, for the end of those that send no media at the most
            assertEquals("ok\n", get(client, address.resolve("healthz")));
            viewer.goOn();
            for (Socket publisher : publishers) {
                publisher.close();
            }
            viewer.goOn();
            assertEquals("ok\n", get(client, address.resolve("healthz")));
            assertFalse(viewer.closed.isDone(), () -> viewer.closed.getNow(""));
            socket.abort();
            if (attack == Attack.FRAMES) {
                // the others were not read from, so only these met the budget itself
                relay.awaitLine("of all connections is", LIMIT);
            }
            assertFalse(relay.lines().stream().anyMatch(line -> line.text().contains("OutOfMemoryError")),
                    "memory ran out anyway, see " + ChildProcess.RESULTS);
            relay.terminate();
            assertEquals(143, relay.awaitExit(LIMIT));
        } finally {
            for (Socket publisher : publishers) {
                publisher.close();
            }
        }
    }

    private static String get(HttpClient client, URI address) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(address).timeout(LIMIT).build(), HttpResponse.BodyHandlers.ofString()).body();
    }
}
