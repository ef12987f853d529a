package io.iocp4j.uring;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.CompletionPortProvider;
import io.iocp4j.core.IoException;
import io.iocp4j.core.PortOptions;
import java.util.Optional;

/**
 * Provides the engine "uring". It can be created on any system; where it cannot run, {@link #obstacle()} says why. As
 * long as it is an experiment, it runs only where the system property {@link PortOptions#ENGINE_PROPERTY} names it.
 */
public final class UringProvider implements CompletionPortProvider {
    private final String system;
    private final String architecture;

    /** Constructor for the service loader. */
    public UringProvider() {
        this(System.getProperty("os.name"), System.getProperty("os.arch"));
    }

    UringProvider(String system, String architecture) {
        this.system = system;
        this.architecture = architecture;
    }

    @Override
    public String name() {
        return "uring";
    }

    @Override
    public Optional<String> obstacle() {
        return name().equals(System.getProperty(PortOptions.ENGINE_PROPERTY)) ? missing() : Optional.of(
                "it is an experiment, and runs only with -D" + PortOptions.ENGINE_PROPERTY + "=" + name());
    }

    /** Tells what io_uring lacks here; empty if it works. */
    Optional<String> missing() {
        if (!system.equals("Linux")) {
            return Optional.of("io_uring needs Linux");
        }
        if (!architecture.equals("amd64") && !architecture.equals("aarch64")) {
            return Optional.of("io_uring was not tried on " + architecture);
        }
        try {
            new Ring(Kernel.LINUX, 1).close();
            return Optional.empty();
        } catch (Errno e) {
            return Optional.of(reason(e));
        } catch (LinkageError | RuntimeException e) {
            return Optional.of("the native calls cannot be made: " + e);
        }
    }

    static String reason(Errno failure) {
        return switch (failure.number()) {
            case LibC.ENOSYS -> "this kernel has no io_uring";
            case LibC.EPERM -> "the sysctl kernel.io_uring_disabled or a sandbox forbids io_uring";
            case LibC.EINVAL -> "io_uring needs Linux 6.1";
            default -> failure.getMessage();
        };
    }

    @Override
    public CompletionPort open(PortOptions options) throws IoException {
        return new UringPort(options, Kernel.LINUX);
    }
}
