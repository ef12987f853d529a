package io.iocp4j.relay;

import io.iocp4j.core.IoException;
import io.iocp4j.core.PortOptions;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/** The command line: {@code relay serve}. */
public final class Main {
    private static final int OK = 0;
    /** The relay is serving; not an exit code. */
    private static final int RUNNING = -1;
    /** Exit code: a wrong option, or an address or an engine that is not available. See also {@link LastWords#CODE}. */
    private static final int WRONG = 2;

    private static final String HELP = """
            relay - a live video relay: publish over HTTP, watch in a browser

            usage: relay serve [options]

              --port N            listen on this port, 0 for a free one   (default 8080)
              --host NAME         listen on this address                  (default 127.0.0.1: this machine only;
                                  0.0.0.0 for every address: there is no login yet, so only in a trusted network)
              --max-lag N         let a viewer fall behind by N milliseconds before it skips to a newer key frame
                                  (default 500)
              --max-head N        allow N bytes for the head of a request, including the cookies of other programs
                                  on the same host   (default 32768)
              --engine NAME       run on this engine: selector, aio, or iocp, which needs Windows and its own module
                                  (default auto: the best that can run here)
              --no-test-picture   do not publish the built-in picture as stream "test"
              --help              print this text

            exit code:  2 if an option is wrong, the address is not available, or the engine cannot run here
                        3 if the relay could not go on, for example without memory, and should be started again

            publish:  ffmpeg ... -f mp4 -movflags frag_every_frame+empty_moov+default_base_moof -flush_packets 1 \\
                             -method PUT -content_type video/mp4 http://127.0.0.1:8080/publish/NAME
            watch:    http://127.0.0.1:8080/watch/NAME
            """;

    /** The longest wait for each output to be written when the process ends. */
    private static final Duration LAST_LINES_LIMIT = Duration.ofSeconds(1);

    /** Writes out the lines that still wait; does nothing where a test provides the outputs. */
    private static volatile Runnable lastLines = () -> { };

    private Main() {
    }

    /**
     * Runs until Ctrl-C.
     *
     * @param args see {@code --help}
     * @throws InterruptedException if the calling thread is interrupted
     */
    public static void main(String[] args) throws InterruptedException {
        // one line per record, without the name of the thread
        System.setProperty("java.util.logging.SimpleFormatter.format", "%1$tT.%1$tL %4$-7s %5$s%6$s%n");
        System.setProperty("java.util.logging.manager", LastingLog.class.getName());
        // the test picture is drawn in memory and needs no display
        System.setProperty("java.awt.headless", "true");
        LastWords words = queueOutputs();
        Thread.setDefaultUncaughtExceptionHandler(words);
        try {
            int code = run(List.of(args), System.out, System.err, words::end);
            if (code != RUNNING) {
                System.exit(code);
            }
            words.stay();
        } catch (OutOfMemoryError e) {
            // do not rethrow: the JVM would end the process with code 1 if its main thread ended with this error
            words.endNow(e);
        }
    }

    /** Queues System.out and System.err, so that a worker that logs never waits for a reader of the log. */
    private static LastWords queueOutputs() throws InterruptedException {
        FileOutputStream plainErr = new FileOutputStream(FileDescriptor.err);
        QueuedOutput out = QueuedOutput.start("out", new FileOutputStream(FileDescriptor.out), QueuedOutput.BYTES_MAX);
        QueuedOutput err = QueuedOutput.start("err", plainErr, QueuedOutput.BYTES_MAX);
        System.setOut(new PrintStream(out, true, System.out.charset()));
        System.setErr(new PrintStream(err, true, System.err.charset()));
        lastLines = () -> {
            try {
                err.drain(LAST_LINES_LIMIT);
                out.drain(LAST_LINES_LIMIT);
            } catch (InterruptedException e) {
                // the interrupter wants the process to end without this wait
                Thread.currentThread().interrupt();
            }
        };
        // runs at every orderly end of the process
        Runtime.getRuntime().addShutdownHook(new Thread(lastLines, "relay-output"));
        return LastWords.prepare(plainErr, err, Runtime.getRuntime()::halt);
    }

    /**
     * Runs everything except the exit, for tests.
     *
     * @param cannotGoOn called with the cause, on any thread, if the relay cannot go on after it has started
     */
    static int run(List<String> args, PrintStream out, PrintStream err, Consumer<Throwable> cannotGoOn) {
        RelayOptions options;
        try {
            options = parse(new ArrayDeque<>(args));
        } catch (IllegalArgumentException e) {
            err.println("relay: " + e.getMessage() + " (see --help)");
            return WRONG;
        }
        if (options == null) {
            out.print(HELP);
            return OK;
        }
        RelayServer server;
        try {
            server = RelayServer.start(options);
        } catch (IoException e) {
            err.println("relay: cannot listen on " + options.host() + ":" + options.tcpPort() + ": " + e.error());
            return WRONG;
        } catch (IOException e) {
            err.println("relay: cannot start: " + e.getMessage());
            return WRONG;
        } catch (IllegalArgumentException | UnsupportedOperationException e) {
            // there is no such engine, or it cannot run here
            err.println("relay: " + e.getMessage() + " (see --help)");
            return WRONG;
        }
        out.println("relay " + RelayServer.version() + " starts on JDK " + Runtime.version() + ", engine "
                + server.completionPort().engine());
        server.completionPort().failure().thenAccept(cannotGoOn);
        announce(server, options, out);
        stopOnSignal(server, out);
        return RUNNING;
    }

    /** The options, or null for help. */
    private static RelayOptions parse(Deque<String> args) {
        String command = args.isEmpty() ? "--help" : args.poll();
        if (command.equals("--help") || command.equals("-h") || command.equals("help")) {
            return null;
        }
        if (!command.equals("serve")) {
            throw new IllegalArgumentException("unknown command " + command);
        }
        RelayOptions options = RelayOptions.defaults();
        while (!args.isEmpty()) {
            String flag = args.poll();
            switch (flag) {
                case "--help", "-h" -> {
                    return null;
                }
                case "--port" -> options = options.tcpPort(number(flag, value(flag, args)));
                case "--host" -> options = options.host(value(flag, args));
                case "--max-lag" -> options = options.maxLag(Duration.ofMillis(number(flag, value(flag, args))));
                case "--max-head" -> options = options.maxHead(number(flag, value(flag, args)));
                case "--engine" -> options = options.engine(engine(value(flag, args)));
                case "--no-test-picture" -> options = options.testPicture(false);
                default -> throw new IllegalArgumentException("unknown option " + flag);
            }
        }
        return options;
    }

    private static String value(String flag, Deque<String> args) {
        if (args.isEmpty()) {
            throw new IllegalArgumentException(flag + " needs a value");
        }
        return args.poll();
    }

    private static String engine(String text) {
        return text.equals("auto") ? PortOptions.ENGINE_BEST : text;
    }

    private static int number(String flag, String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(flag + " needs a number, not " + text);
        }
    }

    private static void announce(RelayServer server, RelayOptions options, PrintStream out) {
        InetSocketAddress address = server.address();
        String host = address.getAddress().isAnyLocalAddress() ? "127.0.0.1" : options.host();
        String base = "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort() + "/";
        out.println();
        out.println("  open     " + base + (options.testPicture() ? "   (shows the built-in test picture)" : ""));
        out.println("  publish  ffmpeg -re -f lavfi -i testsrc2=size=640x360:rate=30 -c:v libx264 -preset ultrafast"
                + " -tune zerolatency -profile:v baseline -pix_fmt yuv420p -g 30 -f mp4"
                + " -movflags frag_every_frame+empty_moov+default_base_moof"
                + " -flush_packets 1 -method PUT -content_type video/mp4 " + base + "publish/cam1");
        out.println("  stop     Ctrl-C");
        out.println();
        out.flush();
    }

    private static void stopOnSignal(RelayServer server, PrintStream out) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            out.println("relay stops");
            out.flush();
            server.close();
            LastingLog.end();
            lastLines.run();
        }, "relay-stop"));
    }
}
