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

/** A relay with 64 MiB of heap and 64 MiB of direct memory. Each publisher keeps within the limits of one publisher. */
@DisplayName("A relay whose publishers together need more memory than it has")
class RelayMemoryTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int MIB = 1 << 20;

    /** The number of publishers, and the bytes that each of them sends. */
    enum Attack {
        /** An incomplete moov box of 1 MiB, which is kept on the heap. */
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
        /** An init segment, a frame, and an incomplete box of 7 MiB, which is kept for the next frame. */
        FRAMES(28) {
            @Override
            byte[] bytes() throws IOException {
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                out.writeBytes(Sample.INIT);
                out.writeBytes(Sample.unit(0));
                // an emsg box belongs to the fragment after it, so the parser keeps it
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

    /** A viewer that counts its frames. */
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

        /** Waits for more frames. */
        void awaitMore() throws InterruptedException {
            frames.drainPermits();
            assertTrue(frames.tryAcquire(3, LIMIT.toSeconds(), TimeUnit.SECONDS),
                    () -> "no frames: " + closed.getNow("open"));
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("refuses or ends the publishers that hold most, and serves its viewer and new requests")
    void attack(Attack attack) throws Exception {
        List<String> command = JavaProgram.command("-Xmx64m",
                "-XX:MaxDirectMemorySize=64m", "--module-path", RelayProcess.modulePath(),
                "--module", "io.iocp4j.relay/io.iocp4j.relay.Main", "serve", "--port", "0");
        List<Socket> publishers = new ArrayList<>();
        try (ChildProcess relay = ChildProcess.start("relay-memory-" + attack, new ProcessBuilder(command));
                HttpClient client = HttpClient.newHttpClient()) {
            URI address = URI.create(RelayProcess.address(relay.awaitLine(RelayProcess.ADDRESS, LIMIT)));
            Frames viewer = new Frames();
            URI live = URI.create("ws://" + address.getAuthority() + "/live/test");
            WebSocket socket = client.newWebSocketBuilder().buildAsync(live, viewer)
                    .get(LIMIT.toSeconds(), TimeUnit.SECONDS);
            viewer.awaitMore();
            byte[] bytes = attack.bytes();
            for (int i = 0; i < attack.publishers; i++) {
                Socket publisher = new Socket(InetAddress.getLoopbackAddress(), address.getPort());
                publishers.add(publisher);
                String head = "PUT /publish/a" + i + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: video/mp4\r\n"
                        + "Content-Length: " + (1L << 40) + "\r\n\r\n";
                Thread.ofVirtual().start(() -> {
                    try {
                        publisher.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
                        publisher.getOutputStream().write(bytes);
                    } catch (IOException e) {
                        // the relay refused it, as it must do with some of them
                    }
                });
            }
            viewer.awaitMore();
            // new connections wait while memory is scarce, at most until the publisher timeout ends publishers
            assertEquals("ok\n", get(client, address.resolve("healthz")));
            viewer.awaitMore();
            for (Socket publisher : publishers) {
                publisher.close();
            }
            viewer.awaitMore();
            assertEquals("ok\n", get(client, address.resolve("healthz")));
            assertFalse(viewer.closed.isDone(), () -> viewer.closed.getNow(""));
            socket.abort();
            if (attack == Attack.FRAMES) {
                // with MOVIES, the relay stops reading from new connections before the budget is used up
                relay.awaitLine("of all connections is", LIMIT);
            }
            assertFalse(relay.lines().stream().anyMatch(line -> line.text().contains("OutOfMemoryError")),
                    "memory ran out, see " + ChildProcess.RESULTS);
            relay.terminate();
            assertEquals(0, relay.awaitExit(LIMIT));
        } finally {
            for (Socket publisher : publishers) {
                publisher.close();
            }
        }
    }

    private static String get(HttpClient client, URI address) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(address).timeout(LIMIT).build();
        return client.send(request, HttpResponse.BodyHandlers.ofString()).body();
    }
}
