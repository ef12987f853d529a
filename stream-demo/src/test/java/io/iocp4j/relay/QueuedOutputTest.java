package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("Queued output whose reader is slow, or absent, or fails")
@Timeout(60)
class QueuedOutputTest {
    private static final Duration LONG = Duration.ofSeconds(10);
    private static final String LOST = "relay: lines lost here, because the output was blocked or failed: ";
    private static final Pattern LOST_LINES = Pattern.compile(LOST + "(\\d+)");

    /** A target in which each write waits for a permit, and fails while {@code broken} is true. */
    private static final class Reader extends OutputStream {
        final ByteArrayOutputStream taken = new ByteArrayOutputStream();
        final Semaphore reads = new Semaphore(0);
        final Semaphore asked = new Semaphore(0);
        volatile boolean broken;

        @Override
        public void write(int next) throws IOException {
            write(new byte[] {(byte) next}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int count) throws IOException {
            asked.release();
            reads.acquireUninterruptibly();
            if (broken) {
                throw new IOException("no space left");
            }
            synchronized (this) {
                taken.write(bytes, from, count);
            }
        }

        void readAll() {
            reads.release(1_000_000);
        }

        void awaitAsked() throws InterruptedException {
            assertTrue(asked.tryAcquire(LONG.toSeconds(), TimeUnit.SECONDS), "nothing was written");
        }

        synchronized List<String> lines() {
            return taken.toString(StandardCharsets.UTF_8).lines().toList();
        }
    }

    private final Reader reader = new Reader();
    private final QueuedOutput output = QueuedOutput.start("test", reader, 1_000);
    private final PrintStream print = new PrintStream(output, true, StandardCharsets.UTF_8);

    @AfterEach
    void close() {
        reader.readAll();
        output.close();
    }

    private static List<String> numbers(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "line " + (1_000 + i)).toList();
    }

    @Test
    @DisplayName("lines are written in their order, as soon as somebody reads")
    void order() throws Exception {
        numbers(0, 50).forEach(print::println);
        assertFalse(output.drain(Duration.ZERO));
        reader.readAll();
        assertTrue(output.drain(LONG));
        assertEquals(numbers(0, 50), reader.lines());
    }

    @Test
    @DisplayName("lines beyond the limit in bytes are lost whole, and the output says where and how many")
    void bounded() throws Exception {
        print.println("first");
        reader.awaitAsked();
        int room = (1_000 - 6) / 10;
        numbers(0, 100_000).forEach(print::println);
        reader.readAll();
        assertTrue(output.drain(LONG));
        print.println("last");
        assertTrue(output.drain(LONG));

        List<String> expected = new ArrayList<>(List.of("first"));
        expected.addAll(numbers(0, room));
        expected.add(LOST + (100_000 - room));
        expected.add("last");
        assertEquals(expected, reader.lines());
    }

    @Test
    @DisplayName("a line that is longer than the queue is lost, but not the next one")
    void longLine() throws Exception {
        reader.readAll();
        print.println("before");
        print.println("x".repeat(5_000));
        print.println("after");
        assertTrue(output.drain(LONG));
        assertEquals(List.of("before", LOST + "1", "after"), reader.lines());
    }

    @Test
    @DisplayName("an incomplete line waits for its end, or for drain")
    void halfLine() throws Exception {
        reader.readAll();
        print.print("half ");
        print.flush();
        assertEquals(List.of(), reader.lines());
        print.println("and half");
        print.print("rest");
        assertTrue(output.drain(LONG));
        assertEquals(List.of("half and half", "rest"), reader.lines());
    }

    @Test
    @DisplayName("while the target fails, for example on a full disk, lines are lost and counted")
    void refused() throws Exception {
        reader.broken = true;
        reader.readAll();
        numbers(0, 3).forEach(print::println);
        assertTrue(output.drain(LONG));
        reader.broken = false;
        print.println("room");
        assertTrue(output.drain(LONG));
        assertEquals(List.of(LOST + "3", "room"), reader.lines());
    }

    @Test
    @DisplayName("drain waits no longer than its limit")
    void drainLimit() throws Exception {
        print.println("a line");
        assertFalse(output.drain(Duration.ofMillis(20)));
    }

    @Test
    @DisplayName("with many threads and a slow reader, each line is written whole or counted as lost")
    void manyThreads() throws Exception {
        int threads = 4;
        int each = 20_000;
        List<Thread> writers = IntStream.range(0, threads).mapToObj(t -> Thread.ofPlatform().name("test-writer-" + t)
                .start(() -> numbers(0, each).forEach(line -> print.println(t + " " + line)))).toList();
        // enough for some lines, but not for all
        reader.reads.release(200);
        for (Thread writer : writers) {
            writer.join();
        }
        reader.readAll();
        assertTrue(output.drain(LONG));

        int[] next = new int[threads];
        long lost = 0;
        long whole = 0;
        for (String line : reader.lines()) {
            Matcher gap = LOST_LINES.matcher(line);
            if (gap.matches()) {
                lost += Long.parseLong(gap.group(1));
                continue;
            }
            assertTrue(line.matches("[0-3] line \\d{4,5}"), line);
            int thread = line.charAt(0) - '0';
            int number = Integer.parseInt(line.substring(7)) - 1_000;
            assertTrue(number >= next[thread], "out of order: " + line);
            next[thread] = number + 1;
            whole++;
        }
        assertEquals(threads * each, whole + lost);
    }
}
