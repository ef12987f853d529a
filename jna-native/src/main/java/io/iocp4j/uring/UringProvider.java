package io.iocp4j.uring;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.CompletionPortProvider;
import io.iocp4j.core.GuardedLog;
import io.iocp4j.core.IoException;
import io.iocp4j.core.PortOptions;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Provides the engine "uring". It can be created on any system; where it cannot run, {@link #obstacle()} says why. On
 * Linux it also logs that, once for each reason, since there a port silently gets a slower engine.
 *
 * <p>It asks the kernel each time: for a ring, for each operation that the engine uses, and for one round of an empty
 * operation. So it depends on no version, and finds a sandbox that allows only some of the calls.
 */
public final class UringProvider implements CompletionPortProvider {
    private static final System.Logger LOG = new GuardedLog(CompletionPortProvider.class);
    /** The reason that was logged last. */
    private static final AtomicReference<String> LOGGED = new AtomicReference<>();
    private static final Path DISABLED = Path.of("/proc/sys/kernel/io_uring_disabled");

    private final String system;
    private final String architecture;
    private final Kernel kernel;

    /** Constructor for the service loader. */
    public UringProvider() {
        this(System.getProperty("os.name"), System.getProperty("os.arch"), Kernel.LINUX);
    }

    UringProvider(String system, String architecture, Kernel kernel) {
        this.system = system;
        this.architecture = architecture;
        this.kernel = kernel;
    }

    @Override
    public String name() {
        return "uring";
    }

    @Override
    public Optional<String> obstacle() {
        if (!system.equals("Linux")) {
            return Optional.of("io_uring needs Linux");
        }
        String missing = missing();
        if (missing != null && !missing.equals(LOGGED.getAndSet(missing))) {
            LOG.log(Level.INFO, "engine " + name() + " cannot run here: " + missing);
        }
        return Optional.ofNullable(missing);
    }

    /** Tells what io_uring lacks on this Linux; null if it works. */
    private String missing() {
        if (!architecture.equals("amd64") && !architecture.equals("aarch64")) {
            return "io_uring was not tried on " + architecture;
        }
        try {
            return tryRing();
        } catch (Errno e) {
            return reason(e);
        } catch (LinkageError | RuntimeException e) {
            return UringProvider.class.getModule().isNativeAccessEnabled() ? "the native calls cannot be made: " + e
                    : "this JVM denies native access, and --enable-native-access allows it";
        }
    }

    private String tryRing() throws Errno {
        Ring ring = new Ring(kernel, 1);
        try {
            int missing = ring.missing(UringSocket.OP_CONNECT, UringSocket.OP_RECV, UringSocket.OP_SEND,
                    UringSocket.OP_SENDMSG, UringAcceptor.OP_ACCEPT, UringHandle.OP_ASYNC_CANCEL, UringLoop.OP_READ);
            if (missing >= 0) {
                return "this kernel lacks operation " + missing + " of io_uring";
            }
            ring.tryOnce();
            return null;
        } finally {
            ring.close();
        }
    }

    private static String reason(Errno failure) {
        return switch (failure.number()) {
            case LibC.ENOSYS -> "this kernel has no io_uring, or a sandbox hides it";
            case LibC.EPERM, LibC.EACCES -> isDisabled() ? "the sysctl kernel.io_uring_disabled forbids io_uring"
                    : "a sandbox forbids io_uring";
            case LibC.EINVAL -> "this kernel lacks parts of io_uring that came with Linux 6.1";
            default -> failure.getMessage();
        };
    }

    private static boolean isDisabled() {
        try {
            return !Files.readString(DISABLED).strip().equals("0");
        } catch (IOException e) {
            // a kernel before 6.6 has no such file
            return false;
        }
    }

    @Override
    public CompletionPort open(PortOptions options) throws IoException {
        return new UringPort(options, kernel);
    }
}
