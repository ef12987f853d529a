package io.iocp4j.jna;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.CompletionPortProvider;
import io.iocp4j.core.IoException;
import io.iocp4j.core.PortOptions;
import java.util.Locale;
import java.util.Optional;

/** Provides the engine "iocp". It can be created on any system; where it cannot run, {@link #obstacle()} says why. */
public final class IocpProvider implements CompletionPortProvider {
    private final String system;
    private final String dataModel;

    /** Constructor for the service loader. */
    public IocpProvider() {
        this(System.getProperty("os.name"), System.getProperty("sun.arch.data.model", "64"));
    }

    IocpProvider(String system, String dataModel) {
        this.system = system;
        this.dataModel = dataModel;
    }

    @Override
    public String name() {
        return "iocp";
    }

    @Override
    public Optional<String> obstacle() {
        if (!system.toLowerCase(Locale.ROOT).startsWith("windows")) {
            return Optional.of("IOCP needs Windows");
        }
        if (!dataModel.equals("64")) {
            return Optional.of("IOCP needs a JVM of 64 bits");
        }
        try {
            JnaWinApi.load();
            return Optional.empty();
        } catch (LinkageError | RuntimeException e) {
            return Optional.of("the native calls cannot be made: " + e);
        }
    }

    @Override
    public CompletionPort open(PortOptions options) throws IoException {
        return new IocpPort(options, JnaWinApi.load(), IocpLimits.defaults());
    }
}
