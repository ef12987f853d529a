package io.iocp4j.jna;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Completion ports in memory. They follow the documentation of Windows where Wine does not: they wake the waiter that
 * came last, let waiters of a closed port fail with 735, and store a status only when its packet is dequeued. A call
 * that no kernel may see is noted as a violation. Tests script failures and hold packets back. Guarded by this.
 */
abstract class FakePorts implements WinApi {
    static final int STATUS_PENDING = 0x103;

    private final Map<Long, Queue> queues = new HashMap<>();
    private final Map<String, ArrayDeque<Integer>> failures = new HashMap<>();
    private final Map<String, ArrayDeque<Integer>> endings = new HashMap<>();
    final List<String> violations = new ArrayList<>();
    final List<String> calls = new ArrayList<>();
    private long nextHandle = 0x100;
    private int pendingOps;
    private int wakeAt = 1;
    private int largestBatch;
    private final Set<Thread> dequeuers = new HashSet<>();

    /** A completion port. */
    static final class Queue {
        final long handle;
        final ArrayDeque<Packet> packets = new ArrayDeque<>();
        final ArrayDeque<Object> waiters = new ArrayDeque<>();
        boolean closed;

        Queue(long handle) {
            this.handle = handle;
        }
    }

    record Packet(long key, long overlapped, int status, int bytes) {
    }

    // ------------------------------------------------------------------ the script

    /** Lets the next call of this name fail at once with the code. Further codes queue up for the calls after it. */
    synchronized void failNext(String call, int code) {
        failures.computeIfAbsent(call, name -> new ArrayDeque<>()).add(code);
    }

    /** Lets the next operation of this kind end with the status, whatever else would have happened. */
    synchronized void endNext(String kind, int status) {
        endings.computeIfAbsent(kind, name -> new ArrayDeque<>()).add(status);
    }

    /** Wakes no worker until this many packets wait. Then one worker wakes and finds them all. */
    synchronized void holdUntil(int packets) {
        wakeAt = packets;
    }

    /** Releases the packets that {@link #holdUntil} holds back. */
    synchronized void release() {
        wakeAt = 1;
        for (Queue queue : queues.values()) {
            if (!queue.packets.isEmpty() && !queue.waiters.isEmpty()) {
                queue.waiters.pop();
            }
        }
        notifyAll();
    }

    /** Closes every port while threads wait at it. */
    synchronized void closePorts() {
        List.copyOf(queues.keySet()).forEach(this::closePort);
    }

    /** Returns when at least this many threads wait for packets. */
    synchronized void awaitWaiting(int threads) throws InterruptedException {
        while (queues.values().stream().mapToInt(queue -> queue.waiters.size()).sum() < threads) {
            wait();
        }
    }

    /** The threads that have waited for packets until now. */
    synchronized Set<Thread> dequeuers() {
        return Set.copyOf(dequeuers);
    }

    synchronized int largestBatch() {
        return largestBatch;
    }

    synchronized List<String> calls() {
        return List.copyOf(calls);
    }

    /** The violations that were noted, and the ports and operations that are left, at the end of a test. */
    synchronized List<String> leftovers() {
        List<String> all = new ArrayList<>(violations);
        queues.values().forEach(queue -> all.add("port " + queue.handle + " is open"));
        if (pendingOps != 0) {
            all.add(pendingOps + " operations are pending");
        }
        return all;
    }

    // ------------------------------------------------------------------ ports

    @Override
    public synchronized long createPort(int concurrency) {
        Queue queue = new Queue(handle());
        queues.put(queue.handle, queue);
        return queue.handle;
    }

    @Override
    public synchronized int post(long port, long key) {
        int failure = scripted("post");
        if (failure != 0) {
            return failure;
        }
        Queue queue = queues.get(port);
        if (queue == null) {
            return violation(6, "a post to a closed port");
        }
        enqueue(queue, new Packet(key, 0, 0, 0));
        return 0;
    }

    final void enqueue(Queue queue, Packet packet) {
        queue.packets.add(packet);
        if (queue.packets.size() >= wakeAt && !queue.waiters.isEmpty()) {
            wakeAt = 1;
            // last in, first out
            queue.waiters.pop();
            notifyAll();
        }
    }

    @Override
    public synchronized int dequeue(long port, long entries, int capacity, long count, int millis) {
        dequeuers.add(Thread.currentThread());
        Queue queue = queues.get(port);
        if (queue == null) {
            return violation(6, "a wait on a closed port");
        }
        int failure = scripted("dequeue");
        if (failure != 0) {
            return failure;
        }
        while (queue.packets.size() < wakeAt) {
            if (queue.closed) {
                return -ERROR_ABANDONED_WAIT_0;
            }
            Object self = new Object();
            queue.waiters.push(self);
            notifyAll();
            if (!await(() -> queue.closed || !queue.waiters.contains(self), millis) && queue.waiters.remove(self)) {
                // garbage, as on Windows
                memory(count, 4).set(ValueLayout.JAVA_INT, 0, 1);
                return -WAIT_TIMEOUT;
            }
        }
        wakeAt = 1;
        int taken = Math.min(capacity, queue.packets.size());
        for (int i = 0; i < taken; i++) {
            Packet packet = queue.packets.remove();
            MemorySegment entry = memory(entries + 32L * i, 32);
            entry.set(ValueLayout.JAVA_LONG, 0, packet.key);
            entry.set(ValueLayout.JAVA_LONG, 8, packet.overlapped);
            // a reserved field
            entry.set(ValueLayout.JAVA_LONG, 16, 0xDEADDEADL);
            entry.set(ValueLayout.JAVA_INT, 24, packet.bytes);
            if (packet.overlapped != 0) {
                dequeued(packet);
            }
        }
        largestBatch = Math.max(largestBatch, taken);
        memory(count, 4).set(ValueLayout.JAVA_INT, 0, taken);
        return 0;
    }

    private void dequeued(Packet packet) {
        MemorySegment overlapped = memory(packet.overlapped, 32);
        if (overlapped.get(ValueLayout.JAVA_INT, 0) != STATUS_PENDING) {
            violations.add("an OVERLAPPED was written to while the kernel had it");
        }
        overlapped.set(ValueLayout.JAVA_LONG, 0, packet.status);
        overlapped.set(ValueLayout.JAVA_LONG, 8, packet.bytes);
        pendingOps--;
    }

    /** Waits for the condition. Returns true if it came in time. */
    private boolean await(BooleanSupplier condition, int millis) {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        boolean interrupted = false;
        long left = 1;
        while (!condition.getAsBoolean() && left > 0) {
            try {
                if (millis == INFINITE) {
                    wait();
                } else {
                    left = deadline - System.nanoTime();
                    TimeUnit.NANOSECONDS.timedWait(this, left);
                }
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return condition.getAsBoolean();
    }

    @Override
    public synchronized int closePort(long port) {
        Queue queue = queues.remove(port);
        if (queue == null) {
            return violation(6, "a port closed twice");
        }
        if (!queue.packets.isEmpty()) {
            violations.add("a port closed with packets in it: " + queue.packets);
        }
        queue.closed = true;
        notifyAll();
        return 0;
    }

    // ------------------------------------------------------------------ for the sockets

    final Queue queue(long port) {
        return queues.get(port);
    }

    /** Begins an operation. From here on the kernel owns its OVERLAPPED. */
    final void pending(long overlapped) {
        pendingOps++;
        memory(overlapped, 32).set(ValueLayout.JAVA_LONG, 0, STATUS_PENDING);
    }

    /** The status with which the script ends an operation of this kind; null if it does not. */
    final Integer scriptedEnding(String kind) {
        ArrayDeque<Integer> scripted = endings.get(kind);
        return scripted == null ? null : scripted.poll();
    }

    final long handle() {
        return nextHandle += 4;
    }

    final int scripted(String call) {
        ArrayDeque<Integer> codes = failures.get(call);
        return codes == null || codes.isEmpty() ? 0 : -codes.remove();
    }

    final int violation(int code, String text) {
        violations.add(text);
        return -code;
    }

    @SuppressWarnings("restricted") // a kernel gets addresses
    static MemorySegment memory(long address, long bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }
}
