package io.iocp4j.relay;

import io.iocp4j.core.IoException;
import io.iocp4j.relay.access.AccessCommands;
import io.iocp4j.relay.access.AccessSettings;
import io.iocp4j.relay.access.TokenFile;
import io.iocp4j.relay.config.Setting;
import io.iocp4j.relay.config.SettingException;
import io.iocp4j.relay.config.Settings;
import io.iocp4j.relay.config.SettingsHelp;
import io.iocp4j.relay.observe.Logging;
import io.iocp4j.relay.observe.ObserveSettings;
import io.iocp4j.relay.observe.RotatingFile;
import io.iocp4j.relay.tls.LocalAuthority;
import io.iocp4j.relay.tls.TlsSettings;
import java.io.CharArrayReader;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.Reader;
import java.net.InetSocketAddress;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The command line: {@code relay serve}. */
public final class Main {
    private static final Set<String> HELP_FLAGS = Set.of("--help", "-h");
    private static final int OK = 0;
    /** The relay is serving; not an exit code. */
    private static final int RUNNING = -1;
    /** Exit code: a wrong option, or an address or an engine that is not available. See also {@link LastWords#CODE}. */
    private static final int WRONG = 2;

    /** Every setting of the relay; the order is that of the help. */
    static final List<Setting<?>> SETTINGS = Stream.of(ServeSettings.ALL, LimitSettings.ALL, AccessSettings.ALL,
            TlsSettings.ALL, ObserveSettings.ALL, List.of(Settings.CONFIG))
            .<Setting<?>>flatMap(List::stream).toList();

    private static final String HELP = """
            relay - a live video relay: publish over HTTP, watch in a browser

            usage: relay serve [options]            run the relay
                   relay cert --host NAME.. [--dir DIRECTORY]
                                                    make a certificate for these names, for a network of your own
                   relay service install|uninstall|start|stop|status [--name NAME]
                                                    be a service of Windows; install takes the options of serve
                   relay config [--print] [options] show all settings and where each one comes from
                   relay sign --path PATH [--for TIME] [--max N] [--action view|publish] [options]
                                                    print a link that holds for a time (default 1h)
                   relay token NAME                 print a new token or key: the value of token or link-key
                   relay password NAME              hash the password that you type: the value of user
                   relay help                       print this text

            Each option can also stand in the environment, as RELAY_MAX_LAG for --max-lag, or in the file
            relay.properties, as the line "max-lag = 500ms". Options replace the environment, which replaces the file.

            """;

    private static final String HELP_END = """
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

    /** The standard error of the process, queued; null where a test provides the outputs. */
    private static volatile QueuedOutput terminal;
    /** The log of a service: the longest file in bytes, and how many there are. */
    private static final long SERVICE_LOG_BYTES_MAX = 10L << 20;
    private static final int SERVICE_LOG_FILES_MAX = 2;

    /** Stops the relay of this process, once; for a service. */
    private static volatile Runnable stop = () -> { };

    private Main() {
    }

    /**
     * Runs until Ctrl-C.
     *
     * @param args see {@code --help}
     * @throws InterruptedException if the calling thread is interrupted
     */
    public static void main(String[] args) throws InterruptedException {
        System.setProperty("java.util.logging.manager", LastingLog.class.getName());
        // the test picture is drawn in memory and needs no display
        System.setProperty("java.awt.headless", "true");
        LastWords words = queueOutputs(serviceLog(List.of(args)));
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

    /** The file of a service of Windows, which the service manager starts with "service run NAME FILE"; else null. */
    static OutputStream serviceLog(List<String> args) {
        if (args.size() < 4 || !args.getFirst().equals("service") || !args.get(1).equals("run")) {
            return null;
        }
        try {
            return new RotatingFile(Path.of(args.get(3)), SERVICE_LOG_BYTES_MAX, SERVICE_LOG_FILES_MAX);
        } catch (IOException e) {
            // there is no other place to say so, and the relay can serve without
            return OutputStream.nullOutputStream();
        }
    }

    /**
     * Queues System.out and System.err, so that a worker that logs never waits for a reader of the log.
     *
     * @param log takes both; null for the terminal
     */
    private static LastWords queueOutputs(OutputStream log) throws InterruptedException {
        OutputStream plainErr = log == null ? new FileOutputStream(FileDescriptor.err) : log;
        QueuedOutput err = QueuedOutput.start("err", plainErr, QueuedOutput.BYTES_MAX);
        QueuedOutput out = log == null
                ? QueuedOutput.start("out", new FileOutputStream(FileDescriptor.out), QueuedOutput.BYTES_MAX) : err;
        System.setOut(new PrintStream(out, true, System.out.charset()));
        System.setErr(new PrintStream(err, true, System.err.charset()));
        terminal = err;
        lastLines = () -> {
            drain(err);
            drain(out);
        };
        // runs at every orderly end of the process
        Runtime.getRuntime().addShutdownHook(new Thread(() -> lastLines.run(), "relay-output"));
        return LastWords.prepare(plainErr, err, Runtime.getRuntime()::halt);
    }

    /**
     * Runs everything except the exit, for tests.
     *
     * @param cannotGoOn called with the cause, on any thread, if the relay cannot go on after it has started
     */
    static int run(List<String> args, PrintStream out, PrintStream err, Consumer<Throwable> cannotGoOn) {
        String command = args.isEmpty() ? "help" : args.getFirst();
        List<String> rest = args.isEmpty() ? args : args.subList(1, args.size());
        if (command.equals("help") || HELP_FLAGS.contains(command) || rest.stream().anyMatch(HELP_FLAGS::contains)) {
            out.print(HELP + SettingsHelp.of(SETTINGS) + HELP_END);
            return OK;
        }
        try {
            return switch (command) {
                case "serve" -> serve(settings(rest), out, err, cannotGoOn);
                case "config" -> {
                    List<String> options = rest.stream().filter(arg -> !arg.equals("--print")).toList();
                    settings(options).print().forEach(out::println);
                    yield OK;
                }
                case "service" -> service(rest, out, err, cannotGoOn);
                case "cert" -> {
                    LocalAuthority.command(rest, out);
                    yield OK;
                }
                case "sign" -> {
                    List<Setting<?>> known = Stream.concat(AccessCommands.SIGN.stream(), SETTINGS.stream()).toList();
                    Settings settings = Settings.read(known, rest, System.getenv(), Path.of(""));
                    String root = "http://127.0.0.1:" + settings.get(ServeSettings.PORT) + "/";
                    out.println(AccessCommands.sign(settings, root, Clock.systemUTC()));
                    yield OK;
                }
                case "token" -> {
                    out.println(AccessCommands.token(name(command, rest)));
                    yield OK;
                }
                case "password" -> {
                    out.println(AccessCommands.password(name(command, rest), input()));
                    yield OK;
                }
                default -> throw new IllegalArgumentException("unknown command " + command);
            };
        } catch (IOException e) {
            err.println("relay: " + command + ": " + e.getMessage());
            return WRONG;
        } catch (SettingException | IllegalArgumentException e) {
            err.println("relay: " + e.getMessage() + " (see --help)");
            return WRONG;
        }
    }

    private static String name(String command, List<String> args) {
        if (args.size() != 1) {
            throw new IllegalArgumentException(command + " needs one name");
        }
        return args.getFirst();
    }

    /** Returns the line that the user types, without an echo, or else the standard input. */
    private static Reader input() {
        Console console = System.console();
        char[] typed = console == null || !console.isTerminal() ? null : console.readPassword("password: ");
        return typed == null ? new InputStreamReader(System.in) : new CharArrayReader(typed);
    }

    private static Settings settings(List<String> args) throws SettingException {
        return Settings.read(SETTINGS, args, System.getenv(), Path.of(""));
    }

    /** Sets up the log, unless a test provides the outputs. */
    private static void log(Settings settings) throws IOException {
        if (terminal == null) {
            return;
        }
        QueuedOutput file = null;
        String name = settings.get(ObserveSettings.LOG_FILE);
        if (name != null) {
            file = QueuedOutput.start("log", new RotatingFile(Path.of(name), settings.get(
                    ObserveSettings.LOG_FILE_SIZE), settings.get(ObserveSettings.LOG_FILES)), QueuedOutput.BYTES_MAX);
            QueuedOutput last = file;
            Runnable others = lastLines;
            lastLines = () -> {
                others.run();
                drain(last);
            };
        }
        Logging.set(terminal, file, settings.get(ObserveSettings.LOG).equals("json"),
                settings.get(ObserveSettings.LOG_LEVEL));
    }

    private static void drain(QueuedOutput output) {
        try {
            output.drain(LAST_LINES_LIMIT);
        } catch (InterruptedException e) {
            // the interrupter wants the process to end without this wait
            Thread.currentThread().interrupt();
        }
    }

    private static int service(List<String> args, PrintStream out, PrintStream err, Consumer<Throwable> cannotGoOn)
            throws SettingException {
        if (!System.getProperty("os.name").startsWith("Windows")) {
            err.println("relay: " + ServiceCommand.NEEDS_WINDOWS);
            return WRONG;
        }
        try {
            return ServiceCommand.run(args, out, options -> {
                try {
                    if (serve(settings(options), out, err, cannotGoOn) != RUNNING) {
                        throw new IllegalStateException("the relay cannot start");
                    }
                } catch (SettingException e) {
                    throw new IllegalStateException(e.getMessage(), e);
                }
            }, () -> stop.run());
        } catch (NoClassDefFoundError e) {
            err.println("relay: " + ServiceCommand.NEEDS_MODULE);
            return WRONG;
        } catch (IOException | IllegalStateException | UnsupportedOperationException e) {
            err.println("relay: " + e.getMessage());
            return WRONG;
        }
    }

    private static int serve(Settings settings, PrintStream out, PrintStream err, Consumer<Throwable> cannotGoOn) {
        RelayServer server;
        try {
            log(settings);
        } catch (IOException | InvalidPathException e) {
            err.println("relay: cannot write the log file " + settings.get(ObserveSettings.LOG_FILE) + ": " + e);
            return WRONG;
        }
        try {
            server = RelayServer.start(settings);
        } catch (IoException e) {
            err.println("relay: cannot listen on " + settings.get(ServeSettings.HOST) + ":"
                    + settings.get(ServeSettings.PORT) + ": " + e.error());
            return WRONG;
        } catch (IOException e) {
            err.println("relay: cannot start: " + e.getMessage());
            return WRONG;
        } catch (UnsupportedOperationException e) {
            // the engine cannot run here
            err.println("relay: " + e.getMessage() + " (see --help)");
            return WRONG;
        }
        out.println("relay " + RelayServer.version() + " starts on JDK " + Runtime.version() + ", engine "
                + server.completionPort().engine());
        server.completionPort().failure().thenAccept(cannotGoOn);
        announce(server, settings, out);
        AtomicBoolean stopped = new AtomicBoolean();
        stop = () -> {
            if (!stopped.getAndSet(true)) {
                stop(server, out);
            }
        };
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            stop.run();
            endWithoutFailure();
        }, "relay-stop"));
        return RUNNING;
    }

    static void announce(RelayServer server, Settings settings, PrintStream out) {
        InetSocketAddress address = server.address();
        String host = address.getAddress().isAnyLocalAddress() ? "127.0.0.1"
                : settings.get(ServeSettings.HOST);
        Object seen = settings.get(AccessSettings.PUBLIC_URL);
        String scheme = TlsSettings.isOn(settings) ? "https://" : "http://";
        String base = seen != null ? seen.toString()
                : scheme + (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort() + "/";
        TokenFile token = server.login().tokenFile();
        out.println();
        boolean picture = settings.get(ServeSettings.TEST_PICTURE);
        out.println("  open     " + base + (picture ? "   (shows the built-in test picture)" : ""));
        out.println("  publish  ffmpeg -re -f lavfi -i testsrc2=size=640x360:rate=30 -c:v libx264 -preset ultrafast"
                + " -tune zerolatency -profile:v baseline -pix_fmt yuv420p -g 30 -f mp4"
                + " -movflags frag_every_frame+empty_moov+default_base_moof"
                + " -flush_packets 1 -method PUT -content_type video/mp4 "
                + (token == null ? "" : "-headers \"Authorization: Bearer TOKEN\" ") + base + "publish/cam1");
        if (token != null) {
            // printed once: later starts may write to a log
            out.println("  token    " + (token.created() ? token.token() + "   (kept in " + token + ")" : "in " + token)
                    + ", to publish and for the list of streams: " + base + "#t=TOKEN");
        }
        out.println("  stop     Ctrl-C");
        out.println();
        out.flush();
    }

    private static void stop(RelayServer server, PrintStream out) {
        out.println("relay stops");
        out.flush();
        server.drain();
        LastingLog.end();
        lastLines.run();
    }

    /**
     * Ends the process with exit code 0 if a signal asked it to end: a stop by order is no failure, but the JVM would
     * give the number of the signal. A call of System.exit keeps its own code. The JVM names its threads for both.
     */
    private static void endWithoutFailure() {
        Set<Thread> threads = Thread.getAllStackTraces().keySet();
        if (threads.stream().noneMatch(thread -> thread.getName().matches("SIG[A-Z]+ handler"))) {
            return;
        }
        threads.stream().filter(thread -> thread.getName().equals("JFR Shutdown Hook")).findAny().ifPresent(jfr -> {
            try {
                // the JVM writes a recording at its end, which the halt would cut
                jfr.join(LAST_LINES_LIMIT);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Runtime.getRuntime().halt(OK);
    }
}
