package io.iocp4j.jna.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntUnaryOperator;

/**
 * A service manager with one process. A service that is started or stopped takes the state that the test has chosen.
 * Handles are counted, and each must be closed once.
 */
final class FakeServices implements ServiceApi {
    /** A report, as SetServiceStatus had it. */
    record Report(int state, int accepted, int exitCode, int specificCode, int waitMillis) {
    }

    private static final int PROCESS = 4711;

    /** The command line of each service by its name. */
    final Map<String, String> commands = new HashMap<>();
    final List<String> calls = new ArrayList<>();
    final List<Report> reports = new ArrayList<>();
    Status status = new Status(STATE_STOPPED, 0, 0, 0);
    /** The error of the next call that has this name, such as "openManager". */
    final Map<String, Integer> errors = new HashMap<>();
    /** The states that a service takes after a start or a stop. */
    Status afterStart = new Status(STATE_RUNNING, 0, 0, PROCESS);
    Status afterStop = new Status(STATE_STOPPED, 0, 0, 0);
    /** What runs on the dispatching thread while the service lives: the test sends its controls there. */
    Runnable whileDispatching = () -> { };
    /** Sees each report. */
    Consumer<Report> onReport = report -> { };

    private final Map<Long, String> handles = new HashMap<>();
    private long nextHandle = 100;
    private volatile IntUnaryOperator handler;

    private int error(String call) {
        Integer error = errors.remove(call);
        return error == null ? 0 : -error;
    }

    private long handle(String of) {
        handles.put(++nextHandle, of);
        return nextHandle;
    }

    private String name(long service) {
        String name = handles.get(service);
        assertTrue(name != null && !name.isEmpty(), "no handle of a service: " + service);
        return name;
    }

    /** Fails if a handle is still open. */
    void assertClosed() {
        assertEquals(Map.of(), handles, "open handles");
    }

    /** Sends a control as the service manager does. */
    int control(int code) {
        return handler.applyAsInt(code);
    }

    @Override
    public long openManager(int access) {
        int error = error("openManager");
        return error < 0 ? error : handle("");
    }

    @Override
    public long create(long manager, String name, String displayName, String command, String account) {
        assertEquals("", handles.get(manager));
        int error = error("create");
        if (error < 0 || commands.containsKey(name)) {
            return error < 0 ? error : -EXISTS;
        }
        commands.put(name, command);
        calls.add("create " + name + ", " + displayName + ", " + account);
        return handle(name);
    }

    @Override
    public long open(long manager, String name, int access) {
        assertEquals("", handles.get(manager));
        int error = error("open");
        if (error < 0 || !commands.containsKey(name)) {
            return error < 0 ? error : -NO_SUCH_SERVICE;
        }
        return handle(name);
    }

    @Override
    public void close(long handle) {
        assertNotEquals(null, handles.remove(handle), "closed twice");
    }

    @Override
    public int describe(long service, String text) {
        calls.add("describe " + name(service) + ", " + text);
        return error("describe");
    }

    @Override
    public int restartOnFailure(long service, int delayMillis, int resetSeconds) {
        calls.add("restart " + name(service) + " after " + delayMillis + " ms, reset after " + resetSeconds + " s");
        return error("restartOnFailure");
    }

    @Override
    public int start(long service) {
        calls.add("start " + name(service));
        if (status.state() != STATE_STOPPED) {
            return -ALREADY_RUNNING;
        }
        status = new Status(STATE_START_PENDING, 0, 0, PROCESS);
        return error("start");
    }

    @Override
    public int stop(long service) {
        calls.add("stop " + name(service));
        if (status.state() != STATE_RUNNING) {
            return -NOT_ACTIVE;
        }
        status = new Status(STATE_STOP_PENDING, 0, 0, PROCESS);
        return error("stop");
    }

    @Override
    public int delete(long service) {
        calls.add("delete " + name(service));
        commands.remove(name(service));
        return error("delete");
    }

    @Override
    public Status query(long service) {
        name(service);
        return error("query") < 0 ? null : status;
    }

    @Override
    public int awaitState(long service, int state, int millis) {
        calls.add("await " + state + " of " + name(service) + " for " + millis + " ms");
        status = state == STATE_RUNNING ? afterStart : afterStop;
        return error("awaitState");
    }

    @Override
    public int dispatch(String name, Runnable main) {
        int error = error("dispatch");
        if (error < 0) {
            return error;
        }
        Thread service = Thread.ofPlatform().name("iocp4j-fake-service").start(main);
        whileDispatching.run();
        try {
            service.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        return 0;
    }

    @Override
    public long register(String name, IntUnaryOperator controls) {
        int error = error("register");
        handler = controls;
        return error < 0 ? error : 7;
    }

    @Override
    public int report(long handle, int state, int accepted, int exitCode, int specificCode, int checkPoint,
            int waitMillis) {
        assertEquals(7, handle);
        Report report = new Report(state, accepted, exitCode, specificCode, waitMillis);
        reports.add(report);
        onReport.accept(report);
        return 0;
    }
}
