package io.iocp4j.relay.observe;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.logging.ErrorManager;
import java.util.logging.Handler;
import java.util.logging.LogRecord;

/**
 * Writes each line of the log to its outputs, of which one may be a file. The outputs must not block, because those who
 * log are workers of the port. Any thread.
 */
final class LogHandler extends Handler {
    /** Where lines go, and how they look there. */
    record Target(OutputStream output, LogLines lines) {
    }

    private static final Executor AFTER_A_SECOND = CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS,
            task -> Thread.ofVirtual().start(task));

    private final List<Target> targets;
    private final LogRate rate = new LogRate();

    LogHandler(List<Target> targets) {
        this.targets = List.copyOf(targets);
    }

    @Override
    public void publish(LogRecord line) {
        if (!isLoggable(line)) {
            return;
        }
        LogRate.Verdict verdict = rate.admit(line, System.nanoTime());
        if (verdict.countDue()) {
            AFTER_A_SECOND.execute(() -> write(rate.count(line)));
        }
        if (verdict.logged()) {
            write(line);
        }
    }

    private void write(LogRecord line) {
        for (Target target : targets) {
            try {
                // in one call, so that lines of several threads do not mix
                target.output.write(target.lines.format(line).getBytes(StandardCharsets.UTF_8));
            } catch (IOException | RuntimeException e) {
                reportError(null, new IOException("a line could not be written", e), ErrorManager.WRITE_FAILURE);
            }
        }
    }

    @Override
    public void flush() {
        // each line is given to the output when it is complete
    }

    @Override
    public void close() {
        // the outputs belong to whoever made them
    }
}
