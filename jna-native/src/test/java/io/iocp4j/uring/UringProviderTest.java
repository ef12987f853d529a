package io.iocp4j.uring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.CompletionPortProvider;
import io.iocp4j.core.JavaProgram;
import io.iocp4j.core.PortOptions;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

@DisplayName("The engine uring is found everywhere, is the best on Linux, and says where it cannot run")
@ResourceLock(Resources.SYSTEM_PROPERTIES)
class UringProviderTest {
    private static final String SYSTEM = "Linux";
    private static final String ARCHITECTURE = "amd64";

    private final Logger log = Logger.getLogger(CompletionPortProvider.class.getName());
    private final List<String> lines = new ArrayList<>();
    private final FailingKernel kernel = new FailingKernel();

    @BeforeEach
    void record() {
        log.setFilter(this::note);
    }

    private boolean note(LogRecord line) {
        assertEquals(Level.INFO, line.getLevel());
        lines.add(line.getMessage());
        return false;
    }

    @AfterEach
    void recordNoMore() {
        log.setFilter(null);
    }

    @Test
    @DisplayName("the service loader finds the provider on every platform")
    void found() {
        assertEquals(1, ServiceLoader.load(CompletionPortProvider.class).stream()
                .filter(provider -> provider.get().name().equals("uring")).count());
    }

    @Test
    @DisplayName("a port that asks for the best is on it, and the property names another")
    void best() throws Exception {
        UringPortTest.assumeUring();
        String before = System.getProperty(PortOptions.ENGINE_PROPERTY);
        System.clearProperty(PortOptions.ENGINE_PROPERTY);
        try (CompletionPort port = CompletionPort.open()) {
            assertEquals("uring", port.engine());
            assertEquals(UringPort.class, port.getClass());
            System.setProperty(PortOptions.ENGINE_PROPERTY, "selector");
            try (CompletionPort other = CompletionPort.open()) {
                assertEquals("selector", other.engine());
            }
        } finally {
            if (before == null) {
                System.clearProperty(PortOptions.ENGINE_PROPERTY);
            } else {
                System.setProperty(PortOptions.ENGINE_PROPERTY, before);
            }
        }
    }

    @Test
    @DisplayName("on other systems it says so, and logs nothing")
    void otherSystems() {
        assertEquals(Optional.of("io_uring needs Linux"),
                new UringProvider("Mac OS X", "aarch64", Kernel.LINUX).obstacle());
        assertEquals(List.of(), lines);
        assertEquals(Optional.of("io_uring was not tried on riscv64"),
                new UringProvider(SYSTEM, "riscv64", Kernel.LINUX).obstacle());
    }

    private Optional<String> obstacle(long call, int errno, int after) {
        kernel.fail(call, errno, after, 1);
        return new UringProvider(SYSTEM, ARCHITECTURE, kernel).obstacle();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    @DisplayName("what the kernel or a sandbox forbids is an obstacle, whichever of the calls it is")
    void forbidden() {
        UringPortTest.assumeUring();
        assertEquals(Optional.of("this kernel has no io_uring, or a sandbox hides it"),
                obstacle(Ring.SETUP, LibC.ENOSYS, 0));
        assertEquals(Optional.of("a sandbox forbids io_uring"), obstacle(Ring.SETUP, LibC.EPERM, 0));
        assertEquals(Optional.of("a sandbox forbids io_uring"), obstacle(Ring.SETUP, LibC.EACCES, 0));
        assertEquals(Optional.of("this kernel lacks parts of io_uring that came with Linux 6.1"),
                obstacle(Ring.SETUP, LibC.EINVAL, 0));
        // the first is the question which operations there are, the second gives the ring to its thread
        assertEquals(Optional.of("a sandbox forbids io_uring"), obstacle(Ring.REGISTER, LibC.EPERM, 0));
        assertEquals(Optional.of("a sandbox forbids io_uring"), obstacle(Ring.REGISTER, LibC.EPERM, 1));
        assertEquals(Optional.of("a sandbox forbids io_uring"), obstacle(Ring.ENTER, LibC.EPERM, 0));
        assertEquals(Optional.of("io_uring_setup failed with errno 24"), obstacle(Ring.SETUP, 24, 0));
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    @DisplayName("a kernel without one of the operations is an obstacle")
    void lacks() {
        UringPortTest.assumeUring();
        Kernel old = (errno, number, a, b, c, d, e, f) -> {
            int result = Kernel.LINUX.call(errno, number, a, b, c, d, e, f);
            if (number == Ring.REGISTER && d > 1) {
                // the flags of OP_SENDMSG
                LibC.MEMORY.set(ValueLayout.JAVA_SHORT, c + 16 + 8 * UringSocket.OP_SENDMSG + 2,
                        (short) 0);
            }
            return result;
        };
        assertEquals(Optional.of("this kernel lacks operation 9 of io_uring"),
                new UringProvider(SYSTEM, ARCHITECTURE, old).obstacle());
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    @DisplayName("the reason is logged once, until there is another")
    void logged() {
        UringPortTest.assumeUring();
        obstacle(Ring.SETUP, 31, 0);
        obstacle(Ring.SETUP, 31, 0);
        obstacle(Ring.SETUP, 32, 0);
        assertEquals(List.of("engine uring cannot run here: io_uring_setup failed with errno 31",
                "engine uring cannot run here: io_uring_setup failed with errno 32"), lines);
    }

    // ---------------------------------------------------------------- in another process

    /** Opens a port, and prints its engine. */
    static final class Opens {
        private Opens() {
        }

        /**
         * Runs it.
         *
         * @param arguments the errno of io_uring_setup in a sandbox of this process; nothing if it has none
         * @throws Exception fails the test
         */
        public static void main(String[] arguments) throws Exception {
            if (arguments.length > 0) {
                Sandbox.forbid(Ring.SETUP, Integer.parseInt(arguments[0]));
            }
            for (int i = 0; i < 2; i++) {
                try (CompletionPort port = CompletionPort.open(PortOptions.defaults().workers(1))) {
                    IO.println("opened " + port.engine());
                }
            }
        }
    }

    private static List<String> output(String option, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(JavaProgram.command(option, "-XX:TieredStopAtLevel=1", "-cp",
                System.getProperty("java.class.path"), Opens.class.getName()));
        command.removeIf(each -> each.startsWith("-D" + PortOptions.ENGINE_PROPERTY));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            List<String> output = process.inputReader().readAllLines();
            assertTrue(process.waitFor(60, TimeUnit.SECONDS));
            return output;
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    @DisplayName("a process in a sandbox that forbids io_uring opens the next engine, and logs one line that says why")
    void sandbox() throws Exception {
        UringPortTest.assumeUring();
        for (int errno : new int[] {LibC.EPERM, LibC.ENOSYS}) {
            List<String> output = output("--enable-native-access=ALL-UNNAMED", Integer.toString(errno));
            assertEquals(2, output.stream().filter("opened selector"::equals).count(), output::toString);
            assertEquals(1, output.stream().filter(line -> line.contains("engine uring cannot run here: "
                    + (errno == LibC.EPERM ? "a sandbox forbids" : "this kernel has no"))).count(), output::toString);
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    @DisplayName("a process that denies native access opens the next engine, and logs one line that says why")
    void denied() throws Exception {
        List<String> output = output("--illegal-native-access=deny");
        assertEquals(2, output.stream().filter("opened selector"::equals).count(), output::toString);
        assertEquals(1, output.stream().filter(line -> line.contains("engine uring cannot run here: this JVM denies"))
                .count(), output::toString);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    @DisplayName("a process that permits native access prints nothing but its own lines")
    void permitted() throws Exception {
        UringPortTest.assumeUring();
        assertEquals(List.of("opened uring", "opened uring"), output("--enable-native-access=ALL-UNNAMED"));
    }
}
