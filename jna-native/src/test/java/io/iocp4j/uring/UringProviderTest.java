package io.iocp4j.uring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.CompletionPortProvider;
import io.iocp4j.core.PortOptions;
import java.util.Optional;
import java.util.ServiceLoader;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

@DisplayName("The engine uring is found everywhere, runs only if it is asked for, and says where it cannot run")
@ResourceLock(Resources.SYSTEM_PROPERTIES)
class UringProviderTest {
    @Test
    @DisplayName("the service loader finds the provider on every platform")
    void found() {
        assertEquals(1, ServiceLoader.load(CompletionPortProvider.class).stream()
                .filter(provider -> provider.get().name().equals("uring")).count());
    }

    @Test
    @DisplayName("without the property no port takes it, not even by its name")
    void notAsked() {
        withProperty(null, () -> {
            assertFalse(CompletionPort.engines().contains("uring"));
            UnsupportedOperationException e = assertThrows(UnsupportedOperationException.class,
                    () -> CompletionPort.open(PortOptions.defaults().engine("uring")));
            assertEquals("engine uring: it is an experiment, and runs only with -Diocp4j.engine=uring", e.getMessage());
        });
    }

    @Test
    @DisplayName("with the property a port that asks for the best is on it")
    void asked() {
        UringPortTest.assumeUring();
        withProperty("uring", () -> {
            try (CompletionPort port = CompletionPort.open()) {
                assertEquals("uring", port.engine());
                assertEquals(UringPort.class, port.getClass());
            }
        });
    }

    @Test
    @DisplayName("the provider names in one line what is missing: the system, the kernel, or the permission")
    void missing() {
        assertEquals(Optional.of("io_uring needs Linux"), new UringProvider("Mac OS X", "aarch64").missing());
        assertEquals(Optional.of("io_uring was not tried on riscv64"), new UringProvider("Linux", "riscv64").missing());
        assertEquals("this kernel has no io_uring", reason(LibC.ENOSYS));
        assertTrue(reason(LibC.EPERM).endsWith("or a sandbox forbids io_uring"), reason(LibC.EPERM));
        assertEquals("io_uring needs Linux 6.1", reason(LibC.EINVAL));
        assertEquals("io_uring_setup failed with errno 12", reason(LibC.ENOMEM));
    }

    private static String reason(int errno) {
        return UringProvider.reason(new Errno("io_uring_setup", -errno));
    }

    private interface Step {
        void run() throws Exception;
    }

    private static void withProperty(String value, Step step) {
        String before = System.getProperty(PortOptions.ENGINE_PROPERTY);
        set(value);
        try {
            step.run();
        } catch (Exception e) {
            throw new AssertionError(e);
        } finally {
            set(before);
        }
    }

    private static void set(String value) {
        if (value == null) {
            System.clearProperty(PortOptions.ENGINE_PROPERTY);
        } else {
            System.setProperty(PortOptions.ENGINE_PROPERTY, value);
        }
    }
}
