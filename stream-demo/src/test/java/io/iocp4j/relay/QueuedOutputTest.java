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

@DisplayName("An output that nobody reads")
@Timeout(60)
class QueuedOutputTest {
    private static final Duration LONG = Duration.ofSeconds(10);
    private static final Pattern MISSING = Pattern.compile("relay: lines missing here, because nobody read them in time: (\\d+)");

    /** Takes a write for each permit, and waits before it; fails while it is told to. */
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
            assertTrue(asked.tryAcquire(LONG.toSeconds(), TimeUnit.SECONDS), "nothing is written");
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
    @DisplayName("what is printed comes out in its order, once somebody reads")
    void order() throws Exception {
        numbers(0, 50).forEach(print::println);
        assertFalse(output.drain(Duration.ZERO));
        reader.readAll();
        assertTrue(output.drain(LONG));
        assertEquals(numbers(0, 50), reader.lines());
    }

    @Test
    @DisplayName("holds no more than its bytes, loses whole lines beyond them, and says where and how many")
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
        expected.add("relay: lines missing here, because nobody read them in time: " + (100_000 - room));
        expected.add("last");
        assertEquals(expected, reader.lines());
    }

    @Test
    @DisplayName("a line that is longer than all room is lost, and the next one is not")
    void longLine() throws Exception {
        reader.readAll();
        print.println("before");
        print.println("x".repeat(5_000));
        print.println("after");
        assertTrue(output.drain(LONG));
        assertEquals(List.of("before", "relay: lines missing here, because nobody read them in time: 1", "after"), reader.lines());
    }

    @Test
    @DisplayName("half a line waits for its end, and comes out at the end of all")
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
    @DisplayName("an output that fails, as a disk without room, costs the lines of that time, and they are counted")
    void refused() throws Exception {
        reader.broken = true;
        reader.readAll();
        numbers(0, 3).forEach(print::println);
        assertTrue(output.drain(LONG));
        reader.broken = false;
        print.println("room");
        assertTrue(output.drain(LONG));
        assertEquals(List.of("relay: lines missing here, because nobody read them in time: 3", "room"), reader.lines());
    }

    @Test
    @DisplayName("the end does not wait longer for a reader than it may")
    void drainLimit() throws Exception {
        print.println("nobody reads this");
        assertFalse(output.drain(Duration.ofMillis(20)));
    }

    @Test
    @DisplayName("of lines of many threads each comes out whole or is counted, whatever the reader does")
    void manyThreads() throws Exception {
        int threads = 4;
        int each = 20_000;
        List<Thread> writers = IntStream.range(0, threads).mapToObj(t -> Thread.ofPlatform().name("test-writer-" + t).start(
                () -> numbers(0, each).forEach(line -> print.println(t + " " + line)))).toList();
        // some lines have room, others do not
        reader.reads.release(200);
        for (Thread writer : writers) {
            writer.join();
        }
        reader.readAll();
        assertTrue(output.drain(LONG));

        int[] next = new int[threads];
        long missing = 0;
        long whole = 0;
        for (String line : reader.lines()) {
            Matcher gap = MISSING.matcher(line);
            if (gap.matches()) {
                missing += Long.parseLong(gap.group(1));
                continue;
            }
            assertTrue(line.matches("[0-3] line \\d{4,5}"), line);
            int thread = line.charAt(0) - '0';
            int number = Integer.parseInt(line.substring(7)) - 1_000;
            assertTrue(number >= next[thread], "in order: " + line);
            next[thread] = number + 1;
            whole++;
        }
        assertEquals(threads * each, whole + missing);
    }
}
