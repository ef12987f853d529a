package io.iocp4j.jna.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A service of Windows, on a fake service manager")
class WindowsServiceTest {
    private static final List<String> COMMAND = List.of("C:\\Program Files\\java.exe", "-m", "a/b");

    private final FakeServices api = new FakeServices();
    private final WindowsService service = new WindowsService(api, "relay");

    @AfterEach
    void closed() {
        api.assertClosed();
    }

    private void install() throws ServiceException {
        service.install("The relay", "It relays.", COMMAND);
        api.calls.clear();
    }

    @Test
    @DisplayName("is installed for a small account, starts with the system, and is restarted after failures")
    void installs() throws ServiceException {
        service.install("The relay", "It relays.", COMMAND);
        assertEquals(List.of("create relay, The relay, NT AUTHORITY\\LocalService", "describe relay, It relays.",
                "restart relay after 5000 ms, reset after 86400 s"), api.calls);
        assertEquals("\"C:\\Program Files\\java.exe\" -m a/b", api.commands.get("relay"));
    }

    @Test
    @DisplayName("starts, stops, and is removed")
    void life() throws ServiceException {
        assertEquals("not installed", service.state().text());
        install();
        assertEquals("stopped", service.state().text());
        service.start();
        assertTrue(service.state().running());
        assertEquals("running, process 4711", service.state().text());
        service.stop();
        assertFalse(service.state().running());
        service.uninstall();
        assertEquals("not installed", service.state().text());
        assertEquals(List.of("start relay", "await 4 of relay for 30000 ms", "stop relay",
                "await 1 of relay for 20000 ms", "delete relay"), api.calls);
    }

    @Test
    @DisplayName("is stopped before it is removed")
    void uninstallRunning() throws ServiceException {
        install();
        service.start();
        api.calls.clear();
        service.uninstall();
        assertEquals(List.of("stop relay", "await 1 of relay for 20000 ms", "delete relay"), api.calls);
    }

    private void assertFails(String part, Executable call) {
        String message = assertThrows(ServiceException.class, call).getMessage();
        assertTrue(message.contains(part), message);
        assertEquals(1, message.lines().count());
    }

    @ParameterizedTest
    @CsvSource({"openManager, 5, as an administrator", "create, 1073, there is such a service already",
        "create, 1072, it is being removed", "describe, 87, error 87 of Windows", "restartOnFailure, 5, administrator"})
    @DisplayName("says in words why it cannot be installed")
    void cannotInstall(String call, int error, String part) {
        api.errors.put(call, error);
        assertFails(part, () -> service.install("x", "y", COMMAND));
    }

    @Test
    @DisplayName("says in words what cannot be done now")
    void cannot() throws ServiceException {
        assertFails("there is no such service", service::start);
        assertFails("there is no such service", service::stop);
        assertFails("there is no such service", service::uninstall);
        install();
        assertFails("there is such a service already", () -> service.install("x", "y", COMMAND));
        assertFails("it does not run", service::stop);
        service.start();
        assertFails("it runs already", service::start);
        api.errors.put("query", 5);
        assertFails("its state cannot be read", service::state);
        api.errors.put("open", 5);
        assertFails("as an administrator", service::stop);
    }

    @Test
    @DisplayName("says that it ended instead of starting, or did not stop in time")
    void tooLate() throws ServiceException {
        install();
        api.afterStart = new ServiceApi.Status(ServiceApi.STATE_STOPPED, ServiceApi.SERVICE_SPECIFIC, 1, 0);
        assertFails("stopped, with its own error 1; its log says why", service::start);
        api.afterStart = new ServiceApi.Status(ServiceApi.STATE_START_PENDING, 0, 0, 12);
        assertFails("starting, process 12", service::start);
        api.status = new ServiceApi.Status(ServiceApi.STATE_RUNNING, 0, 0, 12);
        api.afterStop = new ServiceApi.Status(ServiceApi.STATE_STOP_PENDING, 0, 0, 12);
        assertFails("it has not stopped within 20 s", service::stop);
    }

    /** A program that notes what is done with it. */
    private static class Program implements ServiceProgram {
        final CountDownLatch started = new CountDownLatch(1);
        final CountDownLatch stopped = new CountDownLatch(1);

        @Override
        public void start() throws Exception {
            started.countDown();
        }

        @Override
        public void stop() {
            stopped.countDown();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(10, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {ServiceApi.CONTROL_STOP, ServiceApi.CONTROL_SHUTDOWN})
    @DisplayName("reports each step of its life, and how long a stop may take")
    void reports(int control) throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        Program program = new Program();
        api.whileDispatching = () -> {
            await(program.started);
            assertEquals(0, api.control(ServiceApi.CONTROL_INTERROGATE));
            assertEquals(ServiceApi.NOT_IMPLEMENTED, api.control(2), "pause");
            assertEquals(0, api.control(control));
            assertEquals(0, api.control(control), "a second stop does no harm");
            await(program.stopped);
            running.countDown();
        };
        service.run(program);
        await(running);
        List<Integer> states = api.reports.stream().map(FakeServices.Report::state).toList();
        assertEquals(ServiceApi.STATE_START_PENDING, states.getFirst());
        assertEquals(ServiceApi.STATE_STOPPED, states.getLast());
        assertEquals(new FakeServices.Report(ServiceApi.STATE_START_PENDING, 0, 0, 0, 30_000), api.reports.getFirst());
        assertEquals(1, states.stream().filter(state -> state == ServiceApi.STATE_STOPPED).count());
        assertTrue(api.reports.contains(
                new FakeServices.Report(ServiceApi.STATE_STOP_PENDING, 0, 0, 0, 20_000)), api.reports::toString);
        assertEquals(new FakeServices.Report(ServiceApi.STATE_STOPPED, 0, 0, 0, 0), api.reports.getLast());
    }

    @Test
    @DisplayName("accepts a stop only while it runs")
    void accepts() throws Exception {
        Program program = new Program() {
            @Override
            public void stop() {
                // what this throws would fail the run
                assertEquals(List.of(0, 5, 0), api.reports.stream().map(FakeServices.Report::accepted).toList());
                super.stop();
            }
        };
        CountDownLatch running = new CountDownLatch(1);
        api.onReport = report -> {
            if (report.state() == ServiceApi.STATE_RUNNING) {
                running.countDown();
            }
        };
        api.whileDispatching = () -> {
            await(running);
            api.control(ServiceApi.CONTROL_STOP);
        };
        service.run(program);
        await(program.stopped);
    }

    @Test
    @DisplayName("stops with an error if its program cannot start, so that the system starts it again")
    void cannotStart() {
        Program broken = new Program() {
            @Override
            public void start() throws Exception {
                throw new Exception("for the test");
            }
        };
        Exception failure = assertThrows(WindowsService.ServiceFailure.class, () -> service.run(broken));
        assertEquals("for the test", failure.getCause().getMessage());
        assertEquals(new FakeServices.Report(ServiceApi.STATE_STOPPED, 0, ServiceApi.SERVICE_SPECIFIC, 1, 0),
                api.reports.getLast());
    }

    @Test
    @DisplayName("an Error of the program while it stops still ends the service")
    void stopThrows() {
        Program broken = new Program() {
            @Override
            public void stop() {
                throw new AssertionError("for the test");
            }
        };
        api.whileDispatching = () -> {
            await(broken.started);
            api.control(ServiceApi.CONTROL_STOP);
        };
        assertThrows(WindowsService.ServiceFailure.class, () -> service.run(broken));
        assertEquals(ServiceApi.STATE_STOPPED, api.reports.getLast().state());
    }

    @Test
    @DisplayName("says that only the service manager can run it")
    void fromConsole() {
        api.errors.put("dispatch", ServiceApi.NOT_A_SERVICE);
        assertFails("only the service manager may call this", () -> service.run(new Program()));
    }

    @Test
    @DisplayName("a registration that fails is a failure of the service")
    void cannotRegister() {
        api.errors.put("register", 5);
        assertThrows(WindowsService.ServiceFailure.class, () -> service.run(new Program()));
        assertEquals(List.of(), api.reports);
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    @DisplayName("says that it needs Windows elsewhere")
    void elsewhere() {
        assertEquals("services of this kind need Windows", WindowsService.obstacle().orElseThrow());
        assertThrows(UnsupportedOperationException.class, () -> WindowsService.of("relay"));
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '\'', textBlock = """
            plain,          plain
            C:\\a\\b,       C:\\a\\b
            a b,            '"a b"'
            '',             '""'
            'say "x"',      '"say \\"x\\""'
            a b\\,          '"a b\\\\"'
            'a \\"',        '"a \\\\\\""'
            a b\\\\c,       '"a b\\\\c"'
            """)
    @DisplayName("writes arguments so that Windows splits them again")
    void quotes(String argument, String quoted) {
        assertEquals(quoted, CommandLine.of(List.of(argument == null ? "" : argument)));
    }
}
