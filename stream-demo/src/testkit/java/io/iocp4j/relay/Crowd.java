package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.websocket.ClientOptions;
import io.iocp4j.websocket.CloseStatus;
import io.iocp4j.websocket.WebSocket;
import io.iocp4j.websocket.WebSocketClient;
import io.iocp4j.websocket.WebSocketListener;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/** Many viewers on one completion port, which read without delay. Closing it ends them. */
final class Crowd implements AutoCloseable {
    /** The ages that each viewer remembers. */
    private static final int AGES_MAX = 1_000;

    final CompletionPort port;
    final List<Member> members = new CopyOnWriteArrayList<>();
    private final URI uri;
    private final boolean comesBack;
    private volatile boolean closed;
    private volatile boolean measuring;

    /** @param comesBack whether a viewer that was closed or lost connects again, as the player does */
    Crowd(URI uri, boolean comesBack) throws IOException {
        this.uri = uri;
        this.comesBack = comesBack;
        this.port = CompletionPort.open();
    }

    /** One viewer. Its numbers are written by the callbacks of its connection. */
    final class Member implements WebSocketListener {
        /** The upper bound of the wait of a player before it connects again, in milliseconds. */
        private static final int RETRY_MILLIS_MAX = 2_000;

        volatile long frames;
        volatile long connections;
        /** The longest time between two frames of a connection. */
        volatile long longestGapNanos;
        volatile long retryMillis = -1;
        volatile String bye;
        volatile int closeCode;
        volatile boolean open;
        private volatile WebSocket socket;
        private final double[] ages = new double[AGES_MAX];
        private int agesCount;
        private long frameNanos;
        private volatile long leaveFrames = -1;
        private volatile Runnable onLeave;

        @Override
        public void onOpen(WebSocket opened) {
            socket = opened;
            open = true;
            connections++;
            frameNanos = 0;
        }

        @Override
        public void onText(WebSocket from, String text) {
            if (text.startsWith("{\"t\":\"bye\"")) {
                bye = text;
                retryMillis = ((Double) Json.parse(text).get("retryMs")).longValue();
            }
        }

        @Override
        public void onBinary(WebSocket from, ByteBuffer data) {
            if (data.get(data.position()) == MediaUnit.KIND_MEDIA) {
                long now = System.nanoTime();
                if (frameNanos != 0) {
                    longestGapNanos = Math.max(longestGapNanos, now - frameNanos);
                }
                frameNanos = now;
                if (measuring && !cached(data)) {
                    ages[agesCount++ % AGES_MAX] = age(data);
                }
                frames++;
                if (frames == leaveFrames) {
                    from.abort();
                    onLeave.run();
                }
            }
        }

        @Override
        public void onClose(WebSocket from, CloseStatus why) {
            open = false;
            closeCode = why.code();
            if (comesBack && !closed) {
                long wait = retryMillis >= 0 ? retryMillis : ThreadLocalRandom.current().nextInt(RETRY_MILLIS_MAX);
                retryMillis = -1;
                port.schedule(Duration.ofMillis(wait), () -> connect(this));
            }
        }

        /** Leaves after this number of frames, and then runs a task. */
        private void leaveAfter(int count, Runnable task) {
            leaveFrames = count;
            onLeave = task;
        }

        void close() {
            if (socket != null) {
                socket.abort();
            }
        }
    }

    /** Lets viewers join, and waits until each of them has got this many frames. */
    Crowd join(int viewers, int frames, Duration limit) throws InterruptedException {
        for (int i = 0; i < viewers; i++) {
            Member member = new Member();
            members.add(member);
            connect(member);
        }
        await(viewers + " viewers", limit, () -> members.stream().allMatch(member -> member.frames >= frames));
        return this;
    }

    /** Lets a viewer join that leaves after this number of frames, and then runs a task. */
    void visit(int frames, Runnable onLeave) {
        Member member = new Member();
        member.leaveAfter(frames, onLeave);
        connect(member);
    }

    private void connect(Member member) {
        if (!closed) {
            WebSocketClient.connectAsync(port, ClientOptions.defaults().subprotocols(RelayServer.SUBPROTOCOL), uri,
                    member);
        }
    }

    private static boolean cached(ByteBuffer data) {
        return (data.get(data.position() + 1) & MediaUnit.FROM_CACHE) != 0;
    }

    /** Returns the time since a frame arrived at the relay, in milliseconds. */
    private static double age(ByteBuffer data) {
        Instant now = Instant.now();
        return now.getEpochSecond() * 1e3 + now.getNano() / 1e6 - data.getLong(data.position() + 8) / 1e3;
    }

    /** Begins or ends to note the ages of frames. */
    void measure(boolean on) {
        measuring = on;
    }

    /** Returns the ages of all viewers, in milliseconds. */
    double[] ages() {
        return members.stream().flatMapToDouble(member ->
                Arrays.stream(member.ages, 0, Math.min(AGES_MAX, member.agesCount))).toArray();
    }

    /** Waits until a condition holds. A timer of the port evaluates it repeatedly. */
    void await(String what, Duration limit, BooleanSupplier condition) throws InterruptedException {
        CountDownLatch met = new CountDownLatch(1);
        ask(condition, met, System.nanoTime() + limit.toNanos());
        assertTrue(met.await(limit.toMillis() + 1_000, TimeUnit.MILLISECONDS), () -> "did not happen in time: " + what
                + "; " + count(member -> member.open) + " of " + members.size() + " viewers are open, the least has "
                + members.stream().mapToLong(member -> member.frames).min().orElse(0) + " frames");
    }

    private void ask(BooleanSupplier condition, CountDownLatch met, long deadline) {
        if (condition.getAsBoolean()) {
            met.countDown();
        } else if (deadline - System.nanoTime() > 0) {
            port.schedule(Duration.ofMillis(5), () -> ask(condition, met, deadline));
        }
    }

    long count(Predicate<Member> which) {
        return members.stream().filter(which).count();
    }

    @Override
    public void close() {
        closed = true;
        members.forEach(Member::close);
        port.close();
    }
}
