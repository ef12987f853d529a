package io.iocp4j.jna.service;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** A service in its own process: the life between the first report and the last. */
final class ServiceHost {
    /** Exit code of a service that could not start, beside ERROR_SERVICE_SPECIFIC_ERROR. */
    static final int CANNOT_START = 1;

    private final ServiceApi api;
    private final String name;
    private final ServiceProgram program;
    private final CountDownLatch stop = new CountDownLatch(1);
    /** The handle of the status, 0 before there is one. Guarded by this. */
    private long status;
    /** What was last reported. Guarded by this. */
    private int state;
    /** Why it has ended with an error, or null. Guarded by this. */
    private Throwable failure;

    ServiceHost(ServiceApi api, String name, ServiceProgram program) {
        this.api = api;
        this.name = name;
        this.program = program;
    }

    /**
     * Serves until the service manager stops it.
     *
     * @return why it has failed, or null
     * @throws ServiceException if the service manager has not started this process
     */
    Throwable run() throws ServiceException {
        int error = api.dispatch(name, this::main);
        if (error != 0) {
            throw ServiceException.of("cannot run as the service " + name, -error);
        }
        synchronized (this) {
            return failure;
        }
    }

    /** Runs on a thread of the service manager. What it throws would go nowhere. */
    private void main() {
        try {
            serve();
        } catch (Throwable e) {
            fail(e);
        }
    }

    private void serve() throws Exception {
        long registered = api.register(name, this::control);
        if (registered < 0) {
            throw ServiceException.of("cannot register the service " + name, (int) -registered);
        }
        synchronized (this) {
            status = registered;
        }
        report(ServiceApi.STATE_START_PENDING, WindowsService.START_LIMIT);
        program.start();
        report(ServiceApi.STATE_RUNNING, Duration.ZERO);
        stop.await();
        program.stop();
        report(ServiceApi.STATE_STOPPED, Duration.ZERO);
    }

    /** Runs on the thread that dispatches, and must not wait. */
    private int control(int code) {
        return switch (code) {
            case ServiceApi.CONTROL_STOP, ServiceApi.CONTROL_SHUTDOWN -> {
                report(ServiceApi.STATE_STOP_PENDING, WindowsService.STOP_LIMIT);
                stop.countDown();
                yield 0;
            }
            case ServiceApi.CONTROL_INTERROGATE -> 0;
            default -> ServiceApi.NOT_IMPLEMENTED;
        };
    }

    private synchronized void report(int next, Duration limit) {
        if (state == ServiceApi.STATE_STOPPED
                || state == ServiceApi.STATE_STOP_PENDING && next == ServiceApi.STATE_RUNNING) {
            // nothing may follow the last report; and a stop that came early stays pending
            return;
        }
        state = next;
        boolean pending = next == ServiceApi.STATE_START_PENDING || next == ServiceApi.STATE_STOP_PENDING;
        int accepted = next == ServiceApi.STATE_RUNNING ? ServiceApi.ACCEPT_STOP | ServiceApi.ACCEPT_SHUTDOWN : 0;
        api.report(status, next, accepted, failure == null ? 0 : ServiceApi.SERVICE_SPECIFIC,
                failure == null ? 0 : CANNOT_START, pending ? 1 : 0, (int) limit.toMillis());
    }

    private synchronized void fail(Throwable why) {
        failure = why;
        if (status != 0) {
            report(ServiceApi.STATE_STOPPED, Duration.ZERO);
        }
    }
}
