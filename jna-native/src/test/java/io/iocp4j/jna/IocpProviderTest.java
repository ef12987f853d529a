package io.iocp4j.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.CompletionPortProvider;
import io.iocp4j.core.PortOptions;
import java.util.Optional;
import java.util.ServiceLoader;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@DisplayName("The engine iocp is found everywhere, and says where it cannot run")
class IocpProviderTest {
    @Test
    @DisplayName("the service loader finds the provider on every platform")
    void found() {
        assertEquals(1, ServiceLoader.load(CompletionPortProvider.class).stream()
                .filter(provider -> provider.get().name().equals("iocp")).count());
    }

    @Test
    @DisplayName("the provider names the missing part on other systems and without 64 bits")
    void obstacles() {
        assertEquals(Optional.of("IOCP needs Windows"), new IocpProvider("Linux", "64").obstacle());
        assertEquals(Optional.of("IOCP needs Windows"), new IocpProvider("Mac OS X", "64").obstacle());
        assertEquals(Optional.of("IOCP needs a JVM of 64 bits"), new IocpProvider("Windows 11", "32").obstacle());
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    @DisplayName("the engine cannot be forced on other systems, and another one is used by default")
    void elsewhere() throws Exception {
        UnsupportedOperationException e = assertThrows(UnsupportedOperationException.class,
                () -> CompletionPort.open(PortOptions.defaults().engine("iocp")));
        assertEquals("engine iocp: IOCP needs Windows", e.getMessage());
        try (CompletionPort port = CompletionPort.open()) {
            assertNotEquals(IocpPort.class, port.getClass());
        }
    }

    @Test
    @EnabledOnOs(OS.WINDOWS)
    @DisplayName("the engine is the default on Windows, and aio can be forced")
    void onWindows() throws Exception {
        try (CompletionPort port = CompletionPort.open();
                CompletionPort aio = CompletionPort.open(PortOptions.defaults().engine("aio"))) {
            assertEquals(IocpPort.class, port.getClass());
            assertEquals("AsyncChannelPort", aio.getClass().getSimpleName());
        }
    }
}
