package io.iocp4j.relay;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;

/**
 * Ends the process of a relay that cannot go on, with a line that contains the reason. A process that still runs but
 * serves nobody would be worse, because its supervisor would not notice.
 *
 * <p>When this is needed, nothing may work any more, memory least of all. Everything it needs is therefore prepared at
 * the start: two waiting threads, the bytes to write, and code that has run once. The JVM allocates memory for code
 * that runs for the first time. The shutdown hooks of an orderly end are not run, because they need what is missing.
 */
final class LastWords implements Thread.UncaughtExceptionHandler {
    /** Exit code of a relay that started well but could not go on. */
    static final int CODE = 3;
    /** The longest wait for the log to be written. Half of it is for the lines before the last one. */
    private static final Duration LIMIT = Duration.ofSeconds(1);

    private static final byte[] NO_MEMORY = line("java.lang.OutOfMemoryError, and there is no memory to say more");
    private static final byte[] NO_WORDS = line("an error, and there is no memory to say which");

    private final OutputStream target;
    private final QueuedOutput log;
    private final IntConsumer halt;
    private final Duration logLimit;
    private final long limitNanos;
    private final Thread speaker = Thread.ofPlatform().name("iocp4j-last-words").daemon().unstarted(this::speak);
    private final Thread waiter = Thread.ofPlatform().name("iocp4j-last-wait").daemon().unstarted(this::giveUp);
    /** The reason for the end. Guarded by this. */
    private Throwable cause;

    private LastWords(OutputStream target, QueuedOutput log, IntConsumer halt, Duration limit) {
        this.target = target;
        this.log = log;
        this.halt = halt;
        this.logLimit = limit.dividedBy(2);
        this.limitNanos = limit.toNanos();
    }

    /**
     * Prepares everything and starts the threads.
     *
     * @param target output for the line
     * @param log output on the same target, which has to be written before the line
     * @param halt ends the process at once, with an exit code
     * @throws InterruptedException if the caller is interrupted
     */
    static LastWords prepare(OutputStream target, QueuedOutput log, IntConsumer halt) throws InterruptedException {
        rehearse(log);
        LastWords words = new LastWords(target, log, halt, LIMIT);
        words.speaker.start();
        words.waiter.start();
        return words;
    }

    /** Runs all the code once, without output and without an end of the process. */
    private static void rehearse(QueuedOutput log) throws InterruptedException {
        LastWords words = new LastWords(OutputStream.nullOutputStream(), log, code -> { }, Duration.ofMillis(1));
        Thread dying = Thread.ofPlatform().name("iocp4j-last-rehearsal").uncaughtExceptionHandler(words)
                .unstarted(() -> {
                    throw new OutOfMemoryError("for the rehearsal");
                });
        words.speaker.start();
        words.waiter.start();
        dying.start();
        dying.join();
        words.speaker.join();
        words.waiter.join();
    }

    /**
     * Keeps the process alive until it is ended here. Without this, the process would end with exit code 0 as soon as
     * all other threads had ended, the workers included, before the line is written.
     */
    void stay() {
        Thread.ofPlatform().name("iocp4j-last").daemon(false).start(this::giveUp);
    }

    /** Ends the process soon, and returns at once. Only the first cause is reported. Needs no memory. Any thread. */
    synchronized void end(Throwable why) {
        if (cause == null) {
            cause = why;
            notifyAll();
        }
    }

    /** Ends the process as {@link #end} does, and waits for it. */
    synchronized void endNow(Throwable why) throws InterruptedException {
        end(why);
        while (true) {
            wait();
        }
    }

    /**
     * Ends the process if a thread has ended because memory ran out. A worker is an exception: its port replaces it, or
     * else reports that it cannot go on. All other cases, a worker included, are logged.
     */
    @Override
    public void uncaughtException(Thread thread, Throwable thrown) {
        if (thrown instanceof OutOfMemoryError && !thread.getName().startsWith("iocp4j-worker")) {
            end(thrown);
        } else {
            System.getLogger(LastWords.class.getName())
                    .log(Level.ERROR, "the thread " + thread.getName() + " has ended", thrown);
        }
    }

    private synchronized Throwable awaitCause() throws InterruptedException {
        while (cause == null) {
            wait();
        }
        return cause;
    }

    private void speak() {
        try {
            Throwable why = awaitCause();
            log.drain(logLimit);
            target.write(words(why));
            target.flush();
        } catch (InterruptedException | IOException | RuntimeException | Error e) {
            // the exit code still shows that the relay could not go on
        } finally {
            halt.accept(CODE);
        }
    }

    /** Ends the process after the time limit, even if writing the line is blocked. */
    private void giveUp() {
        try {
            awaitCause();
            long deadline = System.nanoTime() + limitNanos;
            synchronized (this) {
                for (long left = limitNanos; left > 0; left = deadline - System.nanoTime()) {
                    TimeUnit.NANOSECONDS.timedWait(this, left);
                }
            }
        } catch (InterruptedException | RuntimeException | Error e) {
            // end the process without the wait
        } finally {
            halt.accept(CODE);
        }
    }

    private static byte[] words(Throwable why) {
        try {
            return line(String.valueOf(why));
        } catch (RuntimeException | Error e) {
            return why instanceof OutOfMemoryError ? NO_MEMORY : NO_WORDS;
        }
    }

    private static byte[] line(String why) {
        return ("relay: cannot go on, exit code " + CODE + ": " + why + System.lineSeparator())
                .getBytes(StandardCharsets.UTF_8);
    }
}
