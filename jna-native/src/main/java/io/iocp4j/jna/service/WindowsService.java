package io.iocp4j.jna.service;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A service of Windows, by its name. To install, uninstall, start and stop needs the rights of an administrator. All
 * calls block, some for the limits below. Immutable. Any thread.
 */
public final class WindowsService {
    /** How long a service may take until it serves. */
    public static final Duration START_LIMIT = Duration.ofSeconds(30);
    /** How long a service may take until it has stopped. It announces this time to the service manager. */
    public static final Duration STOP_LIMIT = Duration.ofSeconds(20);
    /** The account that services run under: few rights on the machine, none on the network. */
    public static final String ACCOUNT = "NT AUTHORITY\\LocalService";
    /** How long the system waits before it restarts a service that has failed. */
    public static final Duration RESTART_DELAY = Duration.ofSeconds(5);

    /** After a day without a failure the system forgets earlier ones. */
    private static final Duration FORGET_FAILURES = Duration.ofDays(1);

    /**
     * The state of a service.
     *
     * @param running true if it serves
     * @param text for the operator, such as "running, process 4711"
     */
    public record State(boolean running, String text) {
    }

    private final ServiceApi api;
    private final String name;

    WindowsService(ServiceApi api, String name) {
        this.api = api;
        this.name = name;
    }

    /**
     * Names a service, which need not exist yet.
     *
     * @param name letters, digits and hyphens
     * @return the service
     * @throws UnsupportedOperationException if {@link #obstacle} has a reason
     */
    public static WindowsService of(String name) {
        obstacle().ifPresent(reason -> {
            throw new UnsupportedOperationException(reason);
        });
        return new WindowsService(JnaServiceApi.load(), name);
    }

    /**
     * Tells why there are no such services here.
     *
     * @return empty on Windows
     */
    public static Optional<String> obstacle() {
        if (!System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows")) {
            return Optional.of("services of this kind need Windows");
        }
        try {
            JnaServiceApi.load();
            return Optional.empty();
        } catch (LinkageError | RuntimeException e) {
            return Optional.of("the service manager cannot be called: " + e);
        }
    }

    /**
     * Installs the service. It starts with the system, under {@link #ACCOUNT}, and again {@link #RESTART_DELAY} after a
     * failure. This call does not start it.
     *
     * @param displayName for the list of services
     * @param description one or two sentences, for the same list
     * @param command the program with its arguments; it has to call {@link #run}
     * @throws ServiceException if it exists already, or the rights are missing
     */
    public void install(String displayName, String description, List<String> command) throws ServiceException {
        String action = "cannot install " + name;
        long manager = require(action, api.openManager(ServiceApi.MANAGER_CONNECT | ServiceApi.MANAGER_CREATE));
        try {
            long service = require(action, api.create(manager, name, displayName, CommandLine.of(command), ACCOUNT));
            try {
                require(action, api.describe(service, description));
                require(action, api.restartOnFailure(service, (int) RESTART_DELAY.toMillis(),
                        (int) FORGET_FAILURES.toSeconds()));
            } finally {
                api.close(service);
            }
        } finally {
            api.close(manager);
        }
    }

    /**
     * Stops the service if it runs, and removes it.
     *
     * @throws ServiceException if there is none, if it does not stop, or the rights are missing
     */
    public void uninstall() throws ServiceException {
        String action = "cannot uninstall " + name;
        with(action, ServiceApi.SERVICE_DELETE | ServiceApi.SERVICE_STOP | ServiceApi.SERVICE_QUERY_STATUS, service -> {
            if (query(action, service).state() != ServiceApi.STATE_STOPPED) {
                stop(action, service);
            }
            return require(action, api.delete(service));
        });
    }

    /**
     * Starts the service, and waits until it runs.
     *
     * @throws ServiceException if there is none, if it does not run within {@link #START_LIMIT}, or the rights are
     *     missing
     */
    public void start() throws ServiceException {
        String action = "cannot start " + name;
        with(action, ServiceApi.SERVICE_START | ServiceApi.SERVICE_QUERY_STATUS, service -> {
            require(action, api.start(service));
            ServiceApi.Status now = await(action, service, ServiceApi.STATE_RUNNING, START_LIMIT);
            if (now.state() != ServiceApi.STATE_RUNNING) {
                throw new ServiceException(action + ": " + state(now).text() + "; its log says why", now.exitCode());
            }
            return 0;
        });
    }

    /**
     * Stops the service, and waits until it has stopped.
     *
     * @throws ServiceException if there is none, if it does not run, does not stop within {@link #STOP_LIMIT}, or the
     *     rights are missing
     */
    public void stop() throws ServiceException {
        String action = "cannot stop " + name;
        with(action, ServiceApi.SERVICE_STOP | ServiceApi.SERVICE_QUERY_STATUS, service -> stop(action, service));
    }

    private int stop(String action, long service) throws ServiceException {
        require(action, api.stop(service));
        ServiceApi.Status now = await(action, service, ServiceApi.STATE_STOPPED, STOP_LIMIT);
        if (now.state() != ServiceApi.STATE_STOPPED) {
            throw new ServiceException(action + ": it has not stopped within " + STOP_LIMIT.toSeconds() + " s", 0);
        }
        return 0;
    }

    /**
     * Asks for the state of the service. Needs no rights.
     *
     * @return not running if it is not installed
     * @throws ServiceException if the service manager cannot be asked
     */
    public State state() throws ServiceException {
        String action = "cannot ask for " + name;
        State[] found = new State[1];
        try {
            with(action, ServiceApi.SERVICE_QUERY_STATUS, service -> {
                found[0] = state(query(action, service));
                return 0;
            });
            return found[0];
        } catch (ServiceException e) {
            if (e.code() == ServiceApi.NO_SUCH_SERVICE) {
                return new State(false, "not installed");
            }
            throw e;
        }
    }

    private static State state(ServiceApi.Status status) {
        return switch (status.state()) {
            case ServiceApi.STATE_RUNNING -> new State(true, "running, process " + status.processId());
            case ServiceApi.STATE_START_PENDING -> new State(false, "starting, process " + status.processId());
            case ServiceApi.STATE_STOP_PENDING -> new State(false, "stopping, process " + status.processId());
            case ServiceApi.STATE_STOPPED -> new State(false, switch (status.exitCode()) {
                case 0 -> "stopped";
                case ServiceApi.SERVICE_SPECIFIC -> "stopped, with its own error " + status.specificCode();
                default -> "stopped, with error " + status.exitCode() + " of Windows";
            });
            default -> new State(false, "in state " + status.state());
        };
    }

    /**
     * Is the service: to be called by the process that the service manager has started. Returns when the service has
     * stopped; the process should end then.
     *
     * @param program what the service does
     * @throws ServiceException if the service manager has not started this process
     * @throws ServiceFailure if the program has thrown
     */
    public void run(ServiceProgram program) throws ServiceException, ServiceFailure {
        Throwable failure = new ServiceHost(api, name, program).run();
        if (failure != null) {
            throw new ServiceFailure(failure);
        }
    }

    /** The program of a service has thrown; the cause is what it threw. */
    public static final class ServiceFailure extends Exception {
        private static final long serialVersionUID = 1L;

        ServiceFailure(Throwable cause) {
            super(cause);
        }
    }

    @FunctionalInterface
    private interface Call {
        int with(long service) throws ServiceException;
    }

    private void with(String action, int access, Call call) throws ServiceException {
        long manager = require(action, api.openManager(ServiceApi.MANAGER_CONNECT));
        try {
            long service = require(action, api.open(manager, name, access));
            try {
                call.with(service);
            } finally {
                api.close(service);
            }
        } finally {
            api.close(manager);
        }
    }

    private ServiceApi.Status query(String action, long service) throws ServiceException {
        ServiceApi.Status status = api.query(service);
        if (status == null) {
            throw new ServiceException(action + ": its state cannot be read", 0);
        }
        return status;
    }

    /** Waits for a state, or for the end of the service, and returns the state that it then has. */
    private ServiceApi.Status await(String action, long service, int state, Duration limit) throws ServiceException {
        require(action, api.awaitState(service, state, (int) limit.toMillis()));
        return query(action, service);
    }

    private static long require(String action, long result) throws ServiceException {
        if (result < 0) {
            throw ServiceException.of(action, (int) -result);
        }
        return result;
    }

    private static int require(String action, int result) throws ServiceException {
        return (int) require(action, (long) result);
    }
}
