package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.CompletionPortProvider;
import io.iocp4j.core.IoException;
import io.iocp4j.core.JavaProgram;
import io.iocp4j.core.PortOptions;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The end of a relay that cannot go on")
@Timeout(120)
class LastWordsTest {
    private static final int DEADLINE_SECONDS = 30;
    private static final String JAVA = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    private static final String LINE_BEGINS = "relay: cannot go on, exit code 3: ";

    private final BlockingQueue<Integer> halted = new LinkedBlockingQueue<>();
    private final CountDownLatch reader = new CountDownLatch(1);
    private QueuedOutput log;

    /** An output that blocks until the end of the test. */
    private final class BlockedOutput extends OutputStream {
        @Override
        public void write(int next) {
            write(new byte[1], 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int count) {
            try {
                assertTrue(count == 0 || reader.await(DEADLINE_SECONDS, TimeUnit.SECONDS));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private LastWords prepare(OutputStream target) throws InterruptedException {
        log = QueuedOutput.start("test", target, 1_000);
        return LastWords.prepare(target, log, halted::add);
    }

    /** Waits until both threads have called halt; in a real process, the first call ends it. */
    private void awaitHalt() throws InterruptedException {
        for (int i = 0; i < 2; i++) {
            assertEquals(LastWords.CODE, halted.poll(DEADLINE_SECONDS, TimeUnit.SECONDS));
        }
    }

    @AfterEach
    void close() {
        reader.countDown();
        if (log != null) {
            log.close();
        }
    }

    @Test
    @DisplayName("the last line follows the queued lines of the log and names the first cause, and the exit code is 3")
    void words() throws Exception {
        ByteArrayOutputStream target = new ByteArrayOutputStream();
        LastWords words = prepare(target);
        new PrintStream(log, true, StandardCharsets.UTF_8).println("before");
        assertNull(halted.poll());
        words.end(new OutOfMemoryError("Java heap space"));
        words.end(new IllegalStateException("a consequence of the first cause"));
        awaitHalt();
        assertEquals(List.of("before", LINE_BEGINS + "java.lang.OutOfMemoryError: Java heap space"),
                target.toString(StandardCharsets.UTF_8).lines().toList());
    }

    @Test
    @DisplayName("the process ends after a time limit, even if writing the line is blocked")
    void unread() throws Exception {
        LastWords words = prepare(new BlockedOutput());
        long begun = System.nanoTime();
        words.end(new OutOfMemoryError());
        assertEquals(LastWords.CODE, halted.poll(DEADLINE_SECONDS, TimeUnit.SECONDS));
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
        assertTrue(millis >= 900, "it waited only " + millis + " ms");
        reader.countDown();
        assertEquals(LastWords.CODE, halted.poll(DEADLINE_SECONDS, TimeUnit.SECONDS));
    }

    @Test
    @DisplayName("the process ends even if the line cannot be written, or the cause cannot be converted to text")
    void cannotBeWritten() throws Exception {
        LastWords unwritable = prepare(new OutputStream() {
            @Override
            public void write(int next) throws IOException {
                throw new IOException("broken pipe");
            }
        });
        unwritable.end(new OutOfMemoryError());
        awaitHalt();
        log.close();

        ByteArrayOutputStream target = new ByteArrayOutputStream();
        LastWords words = prepare(target);
        words.end(new IllegalStateException() {
            private static final long serialVersionUID = 1L;

            @Override
            public String toString() {
                throw new OutOfMemoryError();
            }
        });
        awaitHalt();
        assertEquals(LINE_BEGINS + "an error, and there is no memory to say which" + System.lineSeparator(),
                target.toString(StandardCharsets.UTF_8));
    }

    private static Process start(Class<?> main, String... options) throws IOException {
        List<String> command = JavaProgram.command(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        return new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    }

    @Test
    @DisplayName("a relay whose heap is full writes its last line")
    void fullHeap() throws Exception {
        Process relay = start(FullHeap.class, "-Xmx24m");
        try (BufferedReader err = relay.errorReader()) {
            String line = err.readLine();
            while (line != null && !line.startsWith(LINE_BEGINS)) {
                line = err.readLine();
            }
            assertNotNull(line, "no last line");
            assertTrue(relay.waitFor(DEADLINE_SECONDS, TimeUnit.SECONDS));
            assertEquals(LastWords.CODE, relay.exitValue());
        } finally {
            relay.destroyForcibly().waitFor();
        }
    }

    @Test
    @DisplayName("a relay whose heap is full ends even if nobody reads its log")
    void fullHeapUnread() throws Exception {
        Process relay = start(FullHeap.class, "-Xmx24m", "-Dchatty=true");
        try {
            assertTrue(relay.waitFor(DEADLINE_SECONDS, TimeUnit.SECONDS));
            assertEquals(LastWords.CODE, relay.exitValue());
        } finally {
            relay.destroyForcibly().waitFor();
        }
    }

    /** Runs a relay on the engine of this test, checks its exit code, and returns the last line of its output. */
    private static String lastLine(Path directory, String... options) throws IOException, InterruptedException {
        Path services = Files.createDirectories(directory.resolve("META-INF/services"));
        Files.writeString(services.resolve(CompletionPortProvider.class.getName()), FailingEngine.class.getName());
        // without the engine that may be forced on this JVM: it would be taken in place of the engine of this test
        List<String> command = new ArrayList<>(List.of(JAVA));
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", directory + File.pathSeparator + System.getProperty("java.class.path"),
                Main.class.getName(), "serve", "--port", "0", "--no-test-picture"));
        Process relay = new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        try (BufferedReader err = relay.errorReader()) {
            List<String> lines = err.lines().toList();
            assertTrue(relay.waitFor(DEADLINE_SECONDS, TimeUnit.SECONDS));
            assertEquals(LastWords.CODE, relay.exitValue(), lines::toString);
            return lines.getLast();
        } finally {
            relay.destroyForcibly().waitFor();
        }
    }

    @Test
    @DisplayName("a relay whose completion port fails writes the reason")
    void portFails(@TempDir Path directory) throws Exception {
        assertEquals(LINE_BEGINS + "java.lang.OutOfMemoryError: no worker is left", lastLine(directory));
    }

    @Test
    @DisplayName("a relay that has no memory from the start writes its last line")
    void noMemoryToBegin(@TempDir Path directory) throws Exception {
        String line = lastLine(directory, "-Xmx24m", "-Dfull=true");
        assertTrue(line.startsWith(LINE_BEGINS + "java.lang.OutOfMemoryError"), line);
    }

    /**
     * The engine aio, with ports that report a failure as soon as they are open. With {@code -Dfull=true}, opening a
     * port first uses up all memory.
     */
    public static final class FailingEngine implements CompletionPortProvider {
        @Override
        public String name() {
            return "failing";
        }

        @Override
        public Optional<String> obstacle() {
            return Optional.empty();
        }

        @Override
        public CompletionPort open(PortOptions options) throws IoException {
            if (Boolean.getBoolean("full")) {
                FullHeap.take(1 << 20);
            }
            CompletionPort port = CompletionPort.open(options.engine("aio"));
            return (CompletionPort) Proxy.newProxyInstance(FailingEngine.class.getClassLoader(),
                    new Class<?>[] {CompletionPort.class},
                    (proxy, method, arguments) -> method.getName().equals("failure")
                            ? CompletableFuture.completedFuture(new OutOfMemoryError("no worker is left"))
                            : method.invoke(port, arguments));
        }
    }

    /** A relay in a process in which another thread uses up all memory and keeps it. */
    static final class FullHeap {
        private static Object[] taken;

        private FullHeap() {
        }

        public static void main(String[] args) throws InterruptedException {
            Main.main(new String[] {"serve", "--port", "0", "--no-test-picture"});
            for (int i = 0; Boolean.getBoolean("chatty") && i < 10_000; i++) {
                System.err.println("line " + i + ", which nobody reads");
            }
            Thread.ofPlatform().name("greedy").start(() -> take(1 << 20));
            // do not return: the JVM creates another thread after main, and without memory for it, the process would
            // end with code 0
            new CountDownLatch(1).await();
        }

        private static void take(int bytes) {
            try {
                for (;;) {
                    Object[] more = new Object[bytes / 4];
                    more[0] = taken;
                    taken = more;
                }
            } catch (OutOfMemoryError e) {
                if (bytes <= 16) {
                    throw e;
                }
            }
            take(bytes / 2);
        }
    }
}
