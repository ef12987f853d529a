package io.iocp4j.core;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * A handler for tests: writes down what it is told, keeps the bytes, and lets the test wait. Tests override a callback
 * to do more.
 */
class Recorder implements TcpHandler {
    static final long DEADLINE_SECONDS = 20;

    // guarded by this
    private final List<String> events = new ArrayList<>();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private TcpConnection connection;
    private CloseInfo closeInfo;

    @Override
    public void onOpen(TcpConnection c) throws IOException {
        synchronized (this) {
            connection = c;
        }
        add("open");
    }

    @Override
    public void onData(TcpConnection c, ByteBuffer data) throws IOException {
        synchronized (this) {
            byte[] copy = new byte[data.remaining()];
            data.get(copy);
            bytes.writeBytes(copy);
        }
        add("data");
    }

    @Override
    public void onDrain(TcpConnection c) throws IOException {
        add("drain");
    }

    @Override
    public void onEnd(TcpConnection c) throws IOException {
        add("end");
    }

    @Override
    public void onTimeout(TcpConnection c) throws IOException {
        add("timeout");
    }

    @Override
    public void onClose(TcpConnection c, CloseInfo why) {
        synchronized (this) {
            closeInfo = why;
        }
        add("close");
    }

    /** Writes an event down; tests add their own to see an order. */
    final synchronized void add(String event) {
        events.add(event);
        notifyAll();
    }

    /** What came, where data that came in several pieces stands once. */
    final synchronized List<String> events() {
        List<String> merged = new ArrayList<>();
        for (String event : events) {
            if (!event.equals("data") || merged.isEmpty() || !merged.getLast().equals("data")) {
                merged.add(event);
            }
        }
        return merged;
    }

    final synchronized int count(String event) {
        return (int) events.stream().filter(event::equals).count();
    }

    final synchronized byte[] bytes() {
        return bytes.toByteArray();
    }

    final synchronized String received() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    final TcpConnection awaitOpen() throws InterruptedException {
        await("open");
        synchronized (this) {
            return connection;
        }
    }

    final CloseInfo awaitClose() throws InterruptedException {
        await("close");
        synchronized (this) {
            return closeInfo;
        }
    }

    final void awaitBytes(int total) throws InterruptedException {
        awaitUntil(total + " bytes", () -> bytes.size() >= total);
    }

    final void await(String event) throws InterruptedException {
        await(event, 1);
    }

    final void await(String event, int times) throws InterruptedException {
        awaitUntil(times + " x " + event, () -> count(event) >= times);
    }

    private synchronized void awaitUntil(String what, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
        while (!condition.getAsBoolean()) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                throw new AssertionError("no " + what + " in time, but " + events() + " and " + bytes.size()
                        + " bytes, " + closeInfo);
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }
}
