package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("An operation that fails when the heap is full")
class FailureMemoryTest {
    private static final int CONTEXTS = 20;
    private static final String GOOD = "all have failed, with the error that they were given";

    /** Fills its heap, fails many operations then, and says what came of it. */
    static final class Full {
        private static Object[] filling = new Object[1];

        private Full() {
        }

        /** Called by the test. */
        public static void main(String[] args) {
            List<IoContext> contexts = new ArrayList<>();
            IOException cause = new IOException("Connection reset by peer");
            for (int i = 0; i < CONTEXTS; i++) {
                contexts.add(new IoContext() {
                    @Override
                    protected void onCompletion() {
                        throw new AssertionError();
                    }
                });
                contexts.getLast().submit(Operation.RECEIVE, null);
            }
            String outcome = GOOD;
            // the first loads what a failure needs
            contexts.removeFirst().complete(0, null, IoError.CONNECTION_RESET, cause);
            try {
                fill();
                // an iterator would need memory
                for (int i = 0; i < contexts.size(); i++) {
                    contexts.get(i).complete(0, null, IoError.CONNECTION_RESET, cause);
                    if (contexts.get(i).error() != IoError.CONNECTION_RESET) {
                        outcome = "an operation has lost its error";
                    }
                }
            } catch (OutOfMemoryError e) {
                outcome = "there was no memory to fail";
            } finally {
                filling = null;
            }
            System.out.println(outcome);
        }

        /** With objects that are not larger than what a failure needs. */
        private static void fill() {
            try {
                while (true) {
                    filling = new Object[] {filling};
                }
            } catch (OutOfMemoryError e) {
                return;
            }
        }
    }

    @Test
    @DisplayName("fails with its error, if without the exception behind it")
    void fails() throws Exception {
        Process process = new ProcessBuilder(JavaProgram.command("-Xmx16m", "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), Full.class.getName()))
                .redirectErrorStream(true).start();
        CompletableFuture<String> said = new CompletableFuture<>();
        TlsFixture.inBackground(() -> said.complete(process.inputReader().readLine()));
        try {
            assertEquals(GOOD, TcpFixture.await(said));
        } finally {
            process.destroyForcibly();
            assertTrue(process.waitFor(Recorder.DEADLINE_SECONDS, TimeUnit.SECONDS));
        }
    }
}
