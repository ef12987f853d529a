package io.iocp4j.relay;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;

/**
 * Ends the process of a relay that cannot go on, with a line that says why: better than one that still runs and answers nobody, which
 * whoever supervises it would not notice. It is asked for when nothing may work any more, memory among the first, so everything it needs
 * is there from the beginning: two threads that wait, bytes to write, and code that has run once, since the JVM takes memory for what
 * runs for the first time. The hooks for an orderly end are not run: they need what is missing.
 */
final class LastWords implements Thread.UncaughtExceptionHandler {
    /** The exit code: started well, but could not go on. */
    static final int CODE = 3;
    /** How long the end waits for whoever reads the log: half of it for the lines before this one. */
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
    /** Why; guarded by this. */
    private Throwable cause;

    private LastWords(OutputStream target, QueuedOutput log, IntConsumer halt, Duration limit) {
        this.target = target;
        this.log = log;
        this.halt = halt;
        this.logLimit = limit.dividedBy(2);
        this.limitNanos = limit.toNanos();
    }

    /**
     * Gets everything ready.
     *
     * @param target what takes the line
     * @param log what has to be out before it, on the same target
     * @param halt ends the process at once
     * @throws InterruptedException if the caller is interrupted
     */
    static LastWords prepare(OutputStream target, QueuedOutput log, IntConsumer halt) throws InterruptedException {
        rehearse(log);
        LastWords words = new LastWords(target, log, halt, LIMIT);
        words.speaker.start();
        words.waiter.start();
        return words;
    }

    /** All of it once, without an audience. */
    private static void rehearse(QueuedOutput log) throws InterruptedException {
        LastWords words = new LastWords(OutputStream.nullOutputStream(), log, code -> { }, Duration.ofMillis(1));
        Thread dying = Thread.ofPlatform().name("iocp4j-last-rehearsal").uncaughtExceptionHandler(words).unstarted(() -> {
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
     * From now on the process has to be ended: where every other thread has gone, the workers too, it would end by itself, with a code that
     * says that all is well, before the words are out.
     */
    void stay() {
        Thread.ofPlatform().name("iocp4j-last").daemon(false).start(this::giveUp);
    }

    /** Ends the process soon; returns at once. The first cause counts. Any thread; needs no memory. */
    synchronized void end(Throwable why) {
        if (cause == null) {
            cause = why;
            notifyAll();
        }
    }

    /** As {@link #end}, and waits for it. */
    synchronized void endNow(Throwable why) throws InterruptedException {
        end(why);
        while (true) {
            wait();
        }
    }

    /** A thread that has no memory has ended. Not a worker, which its port replaces, or else tells that it cannot go on. */
    @Override
    public void uncaughtException(Thread thread, Throwable thrown) {
        if (thrown instanceof OutOfMemoryError && !thread.getName().startsWith("iocp4j-worker")) {
            end(thrown);
        } else {
            System.getLogger(LastWords.class.getName()).log(Level.ERROR, "the thread " + thread.getName() + " has ended", thrown);
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
            // the exit code still tells
        } finally {
            halt.accept(CODE);
        }
    }

    /** Whatever the words wait for. */
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
            // then without waiting
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
        return ("relay: cannot go on, exit code " + CODE + ": " + why + System.lineSeparator()).getBytes(StandardCharsets.UTF_8);
    }
}
